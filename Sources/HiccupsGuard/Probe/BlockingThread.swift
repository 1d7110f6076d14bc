private import Glibc

/// A thread for a loop that blocks; the cooperative pool must not.
enum BlockingThread {
    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func start(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Box(body))
        let code = pthread_create(&thread, nil, Self.main, box.toOpaque())
        if code == 0 {
            pthread_detach(thread)
        } else {
            // No thread to be had: here, rather than never.
            box.takeRetainedValue().body()
        }
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let argument else { return nil }
        Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        return nil
    }
}

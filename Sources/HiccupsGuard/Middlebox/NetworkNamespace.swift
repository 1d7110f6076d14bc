internal import CPacketSocket
private import Glibc

/// A network namespace, held open: it lives as long as this, a process in it, or its name.
package final class NetworkNamespace: Sendable {
    private let descriptor: Int32

    /// A new one without a name: nothing is left behind, however the process ends.
    package convenience init() throws(ProbeError) {
        try self.init(
            descriptor: ProbeError.check(l45_namespace_make(), "make a network namespace"))
    }

    /// - Parameter path: such as `/run/netns/NAME` or `/proc/PID/ns/net`.
    package convenience init(path: String) throws(ProbeError) {
        try self.init(
            descriptor: ProbeError.check(l45_namespace_open(path), "open the network namespace '\(path)'"))
    }

    private init(descriptor: Int32) throws(ProbeError) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// How another process of this host opens it, as long as this one holds it.
    package var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// Runs `body` with this thread in the namespace: sockets that it opens and programs that it starts stay there.
    package func run<Value>(_ body: () throws -> Value) throws -> Value {
        let before = try ProbeError.check(l45_namespace_open("/proc/thread-self/ns/net"), "open a network namespace")
        defer { close(before) }
        try ProbeError.check(l45_namespace_enter(descriptor), "enter a network namespace")
        let result = Result { try body() }
        try ProbeError.check(l45_namespace_enter(before), "return from a network namespace")
        return try result.get()
    }

    /// Runs `body`, which may block, on a thread of its own in the namespace, and returns when it has ended.
    package func runBlocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            BlockingThread.start { continuation.resume(with: Result { try self.run(body) }) }
        }
    }

    /// The one that this process is in.
    package static func current() throws(ProbeError) -> NetworkNamespace {
        try NetworkNamespace(path: "/proc/thread-self/ns/net")
    }

    /// Moves this thread for good, and with it the threads that it starts later: for a program's first line.
    package func enter() throws(ProbeError) {
        try ProbeError.check(l45_namespace_enter(descriptor), "enter a network namespace")
    }
}

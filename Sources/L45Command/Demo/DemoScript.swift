import Foundation

/// Commands that are run in a playground.
enum DemoScript {
    /// - Returns: the status of the first that fails, else 0.
    static func run(_ commands: [String], _ folder: DemoFolder) async throws -> Int32 {
        let environment = ProcessInfo.processInfo.environment
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "l45"
        let binaries = (own as NSString).deletingLastPathComponent
        let path = "\(binaries):\(environment["PATH"] ?? "/usr/bin:/bin")"
        let prelude = "cd \"$1\" && shift && "
        for command in commands {
            let argv = ["/bin/sh", "-c", prelude + "eval \"$1\"", "sh", folder.path, command]
            let settings = environment.merging(["L45_SERVER": folder.state, "PATH": path]) { _, new in new }
            // Waiting for a program blocks a thread: not one of those that the playground runs on.
            let status = try await withCheckedThrowingContinuation { (end: CheckedContinuation<Int32, any Error>) in
                Thread.detachNewThread {
                    end.resume(with: Result { try Terminal.run(argv, environment: settings) })
                }
            }
            guard status == 0 else { return status }
        }
        return 0
    }
}

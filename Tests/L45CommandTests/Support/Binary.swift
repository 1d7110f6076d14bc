import Foundation

/// The built command, run as an operator runs it.
enum Binary {
    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Stands for the tap's library: any library that the loader takes does.
    static let anyLibrary = "/lib/x86_64-linux-gnu/libm.so.6"

    /// Beside the test bundle.
    static var path: String {
        get throws {
            let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            // The bundle is loaded by a runner of the toolchain on some systems: then the first argument names it.
            let candidates = [bundle] + CommandLine.arguments
            for candidate in candidates where candidate.contains("/.build/") {
                var folder = URL(filePath: candidate)
                for _ in 0..<8 where folder.path != "/" {
                    folder.deleteLastPathComponent()
                    let binary = folder.appending(path: "l45").path
                    var isFolder: ObjCBool = false
                    if FileManager.default.fileExists(atPath: binary, isDirectory: &isFolder), !isFolder.boolValue {
                        return binary
                    }
                }
            }
            throw CocoaError(.fileNoSuchFile)
        }
    }

    static func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) async throws -> Outcome {
        try await run(program: try path, arguments, input: input, environment: environment)
    }

    /// Output goes to files, so that no pipe can fill up.
    static func run(
        program: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) async throws -> Outcome {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let files = ["in", "out", "err"].map { "\(folder.path)/\($0)" }
        for (file, text) in zip(files, [input, "", ""]) { try Data(text.utf8).write(to: URL(filePath: file)) }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin"].merging(environment) { _, new in new }
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: files[0]))
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: files[1]))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: files[2]))
        try await withCheckedThrowingContinuation { (end: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in end.resume() }
            do {
                // The threads of tests block most signals, and what they start inherits it; a shell's does not.
                var none = sigset_t()
                var before = sigset_t()
                sigemptyset(&none)
                pthread_sigmask(SIG_SETMASK, &none, &before)
                defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
                try process.run()
            } catch {
                process.terminationHandler = nil
                end.resume(throwing: error)
            }
        }
        return Outcome(
            status: process.terminationStatus, output: try String(contentsOfFile: files[1], encoding: .utf8),
            errors: try String(contentsOfFile: files[2], encoding: .utf8))
    }
}

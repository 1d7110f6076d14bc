import Foundation

/// A program of the system, run to its end: `nft` and `ip`, for which there is no better library.
///
/// Spawned directly: Foundation's `Process` reaps by a run loop and lets its pipes leak into children that other threads
/// start, so that an end can be waited for without end.
package struct SystemTool: Sendable {
    /// The program and its first arguments; found by PATH.
    package let command: [String]
    /// After this long it is ended.
    package static let secondsMax = 20
    /// Of what it says when it fails, this much is kept.
    private static let saidBytesMax = 2000

    package init(_ command: [String]) { self.command = command }

    /// - Returns: what it wrote to its output.
    /// - Throws: when it can not be run, does not end in time, or ends with another status than 0.
    @discardableResult
    package func run(
        _ arguments: [String] = [], input: String = "", secondsMax: Int = SystemTool.secondsMax
    ) throws(GateError) -> String {
        let whole = command + arguments
        let name = whole.first ?? ""
        // Files, not pipes: no side ever waits for the other.
        guard let stdin = Scratch(input), let stdout = Scratch(""), let stderr = Scratch("") else {
            throw .toolMissing(tool: name, reason: "no room for its input in \(NSTemporaryDirectory())")
        }
        let process = try Self.spawn(name, whole, [stdin.descriptor, stdout.descriptor, stderr.descriptor])
        guard let status = Self.wait(process, seconds: secondsMax) else {
            throw .tooSlow(tool: name, seconds: secondsMax)
        }
        guard status == 0 else {
            let said = stderr.text(bytesMax: Self.saidBytesMax)
            if said.contains("Operation not permitted") { throw .notPermitted(tool: name) }
            // What waitpid(2) gives: a signal in the low seven bits, else the exit status above them.
            throw .refused(tool: name, status: status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f), said: said)
        }
        return stdout.text(bytesMax: 16 << 20)
    }

    private static func spawn(
        _ name: String, _ arguments: [String], _ descriptors: [Int32]
    ) throws(GateError) -> pid_t {
        var environment = ProcessInfo.processInfo.environment
        // Messages are looked into; administrators' tools are not on every user's PATH.
        environment["LC_ALL"] = "C"
        environment["PATH"] = (environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
        }
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for each in argv + envp { free(each) } }
        var process = pid_t()
        let program = name.contains("/") ? name : Self.place(of: name, path: environment["PATH"] ?? "")
        let code = posix_spawn(&process, program, &actions, nil, &argv, &envp)
        guard code == 0 else { throw .toolMissing(tool: name, reason: String(cString: strerror(code))) }
        return process
    }

    /// The first file of that name that may be run; the name itself where there is none.
    private static func place(of name: String, path: String) -> String {
        path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 } ?? name
    }

    /// - Returns: its status; nil when it had to be ended.
    private static func wait(_ process: pid_t, seconds: Int) -> Int32? {
        var status: Int32 = 0
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if waitpid(process, &status, WNOHANG) == process { return status }
            // A run takes some milliseconds.
            usleep(1000)
        }
        kill(process, SIGKILL)
        waitpid(process, &status, 0)
        return nil
    }

    /// A file without a name.
    private final class Scratch {
        let descriptor: Int32

        /// Holds `text`, read from its beginning; nil when there is no room.
        init?(_ text: String) {
            var path = Array("\(NSTemporaryDirectory())/l45-gate.XXXXXX".utf8CString)
            descriptor = mkstemp(&path)
            guard descriptor >= 0 else { return nil }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            unlink(path)
            let bytes = Array(text.utf8)
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { return nil }
                written += count
            }
            lseek(descriptor, 0, SEEK_SET)
        }

        deinit { if descriptor >= 0 { close(descriptor) } }

        func text(bytesMax: Int) -> String {
            var bytes: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 65_536)
            while bytes.count < bytesMax {
                let count = pread(descriptor, &piece, min(piece.count, bytesMax - bytes.count), off_t(bytes.count))
                guard count > 0 else { break }
                bytes += piece[..<count]
            }
            return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
}

import Foundation
package import L45Model
import Synchronization

/// A program that is run for each alert: JSON on its standard input, nothing in its arguments or environment but what the
/// configuration says, and no shell between. Status 0 is a yes.
package struct AlertProgram: Hashable, Sendable {
    /// The program by its full path, and its arguments.
    package let argv: [String]
    package let timeout: Span

    /// Of what it says when it fails, this much is kept.
    private static let saidBytesMax = 300

    package init(_ argv: [String], timeout: Span = .seconds(10)) {
        self.argv = argv
        self.timeout = timeout
    }

    /// What is wrong before it is run; nil: nothing.
    package var problem: String? {
        guard let program = argv.first, program.hasPrefix("/") else { return "a command is named by its full path" }
        return access(program, X_OK) == 0 ? nil : "\(program): \(String(cString: strerror(errno)))"
    }

    func run(_ delivery: AlertDelivery) async -> AlertDispatch.Failure? {
        guard let input = try? CanonicalJSON.encode(delivery) else { return .refused("it can not be told as JSON") }
        let isCancelled = Flag()
        let problem = await withTaskCancellationHandler {
            await withCheckedContinuation { (end: CheckedContinuation<String?, Never>) in
                // Waiting for a process blocks a thread: not one of those that tasks share.
                Thread.detachNewThread {
                    end.resume(returning: run(input) { isCancelled.value.load(ordering: .relaxed) })
                }
            }
        } onCancel: {
            isCancelled.value.store(true, ordering: .relaxed)
        }
        return problem.map { AlertDispatch.Failure.unavailable($0, retryAfter: nil) }
    }

    private final class Flag: Sendable { let value = Atomic(false) }

    private func run(_ input: Data, isCancelled: () -> Bool) -> String? {
        let name = argv.first ?? ""
        // Files, not pipes: no side ever waits for the other.
        guard let stdin = Scratch(input), let stderr = Scratch(Data()) else { return "no room for a file in /tmp" }
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        guard null >= 0 else { return "/dev/null: \(String(cString: strerror(errno)))" }
        defer { close(null) }
        var process = pid_t()
        let code = spawn(&process, [stdin.handle, null, stderr.handle])
        guard code == 0 else { return "\(name): \(String(cString: strerror(code)))" }
        let deadline = ContinuousClock.now + .milliseconds(timeout.milliseconds)
        var status: Int32 = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { break }
            guard ended == 0, ContinuousClock.now < deadline, !isCancelled() else {
                // Itself, and what it has started.
                kill(-process, SIGKILL)
                waitpid(process, &status, 0)
                return isCancelled() ? "\(name): ended, since the orchestrator ends" : "\(name): not done in \(timeout)"
            }
            usleep(5000)
        }
        guard status != 0 else { return nil }
        let how = status & 0x7f == 0 ? "status \(status >> 8 & 0xff)" : "signal \(status & 0x7f)"
        let said = stderr.text(bytesMax: Self.saidBytesMax)
        return "\(name): \(how)" + (said.isEmpty ? "" : ": \(said)")
    }

    private func spawn(_ process: inout pid_t, _ handles: [Int32]) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, handle) in handles.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, handle, Int32(target))
        }
        // Devices' connections and the CIB are none of its business, and not all that opens a descriptor has it closed on
        // exec (NIO's sockets are not): all that are open are marked here.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            guard let handle = Int32(name), handle > 2 else { continue }
            _ = fcntl(handle, F_SETFD, FD_CLOEXEC)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        let settings = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]
        var arguments: [UnsafeMutablePointer<CChar>?] = argv.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) } + [nil]
        defer { for each in arguments + environment { free(each) } }
        return posix_spawn(&process, argv.first ?? "", &actions, &attributes, &arguments, &environment)
    }

    /// A file without a name.
    private final class Scratch {
        let handle: Int32

        /// Read from its beginning; nil when there is no room.
        init?(_ content: Data) {
            var path = Array("\(NSTemporaryDirectory())/l45-alert.XXXXXX".utf8CString)
            handle = mkstemp(&path)
            guard handle >= 0 else { return nil }
            _ = fcntl(handle, F_SETFD, FD_CLOEXEC)
            unlink(path)
            let written = content.withUnsafeBytes { write(handle, $0.baseAddress, $0.count) }
            guard written == content.count else { return nil }
            lseek(handle, 0, SEEK_SET)
        }

        deinit { if handle >= 0 { close(handle) } }

        func text(bytesMax: Int) -> String {
            var bytes = [UInt8](repeating: 0, count: bytesMax)
            let count = pread(handle, &bytes, bytes.count, 0)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }
}

import Foundation
import L45Model

/// Programs that have the terminal while they run: editors and pagers.
enum Terminal {
    /// Runs a program in the terminal's own process group, so that it may read keys, and waits for it. Ctrl-C is its alone.
    /// - Returns: its exit status, or 128 and the signal that ended it.
    /// - Throws: `CommandEnd`, when it cannot be started.
    static func run(
        _ argv: [String], environment settings: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> Int32 {
        let before = signal(SIGINT, SIG_IGN)
        defer { signal(SIGINT, before) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Tasks' threads block signals, and SIGPIPE is ignored here: neither is for an editor to inherit.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var arguments: [UnsafeMutablePointer<CChar>?] = argv.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] =
            settings.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for each in arguments + environment { free(each) } }
        var process = pid_t()
        let code = posix_spawnp(&process, argv.first ?? "", nil, &attributes, &arguments, &environment)
        guard code == 0 else {
            throw CommandEnd.badInput("'\(argv.first ?? "")' cannot be started: \(String(cString: strerror(code)))")
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
    }
}

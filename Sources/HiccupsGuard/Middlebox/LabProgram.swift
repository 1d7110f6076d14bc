package import Glibc

/// A program that runs in a network namespace of a lab, with this process' standard streams.
package final class LabProgram: Sendable {
    package let process: pid_t

    /// - Parameter isGroup: it leads a process group of its own, so that ``end()`` reaches what it has started.
    /// - Throws: ``ProbeError/badOption(_:)`` where there is no such program.
    package init(_ command: [String], in namespace: NetworkNamespace, isGroup: Bool = false) throws {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var unblocked = sigset_t()
        sigemptyset(&unblocked)
        posix_spawnattr_setsigmask(&attributes, &unblocked)
        // A command line tool ignores SIGPIPE; a program expects to be ended by it.
        var ordinary = sigset_t()
        sigfillset(&ordinary)
        posix_spawnattr_setsigdefault(&attributes, &ordinary)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        if isGroup { flags |= POSIX_SPAWN_SETPGROUP }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var argv: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for each in argv { free(each) } }
        var made = pid_t()
        let code = try namespace.run { posix_spawnp(&made, command.first ?? "", nil, &attributes, &argv, environ) }
        guard code == 0 else {
            throw ProbeError.badOption("cannot run '\(command.first ?? "")': \(String(cString: strerror(code)))")
        }
        process = made
    }

    /// Waits; blocks.
    /// - Returns: as a shell tells it: the exit status, or 128 and the signal.
    package func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { guard errno == EINTR else { return 127 } }
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f)
    }

    package func signal(_ number: Int32) { kill(process, number) }

    /// Ends it and what it has started; for one that leads a group.
    package func end() {
        kill(-process, SIGTERM)
        for _ in 0..<200 where waitpid(process, nil, WNOHANG) == 0 { usleep(10_000) }
        kill(-process, SIGKILL)
        while waitpid(process, nil, 0) < 0, errno == EINTR {}
    }
}

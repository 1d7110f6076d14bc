import ArgumentParser
import Foundation

/// The command `l45`, all but its `main`.
package enum CommandLineTool {
    /// Does `l45 run`, on the calling thread: what it becomes inherits how signals are taken and which are blocked, and
    /// must not see a difference. The threads that tasks run on block most signals, so this has to come before them.
    ///
    /// - Returns: the exit status when that failed; nil when the verb is another one.
    package static func becomeProgram(_ arguments: [String], console: Console = .standard) -> Int32? {
        guard arguments.first == RunCommand.configuration.commandName else { return nil }
        do {
            var command = try L45.parseAsRoot(arguments)
            try command.run()
            return ExitStatus.ok.rawValue
        } catch {
            return report(error, console)
        }
    }

    /// Does any other verb.
    ///
    /// - Parameter arguments: without the command's own name.
    /// - Returns: the exit status, as `l45 --help` lists them.
    package static func run(_ arguments: [String], console: Console = .standard) async -> Int32 {
        do {
            ignoreBrokenPipes()
            var command = try L45.parseAsRoot(try DryRun.rewritten(arguments))
            if var patient = command as? any AsyncParsableCommand {
                try await patient.run()
            } else {
                try command.run()
            }
            return ExitStatus.ok.rawValue
        } catch {
            return report(error, console)
        }
    }

    /// A reader that has gone then shows as EPIPE, which `Console.print` turns into a quiet end.
    private static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

    private static func report(_ error: any Error, _ console: Console) -> Int32 {
        switch error {
        case CommandEnd.readerGone: return ExitStatus.ok.rawValue
        case CommandEnd.status(let status): return status
        case CommandEnd.failed(let failure):
            console.complain(failure.text(console.palette(for: .err)))
            return failure.status.rawValue
        default: return reportParsing(error, console)
        }
    }

    /// Help and version are errors to the parser, and good ends to us.
    private static func reportParsing(_ error: any Error, _ console: Console) -> Int32 {
        ignoreBrokenPipes()
        let text = L45.fullMessage(for: error)
        guard L45.exitCode(for: error) == .success else {
            console.complain(text)
            return ExitStatus.badInput.rawValue
        }
        // There is nobody to tell that help could not be written.
        try? console.print(text)
        return ExitStatus.ok.rawValue
    }
}

/// What the command tells its caller.
package enum ExitStatus: Int32, Sendable {
    case ok = 0
    /// `diff`: it differs. `wait`, `--wait`: what was waited for did not come about in time.
    case notMet = 1
    /// Usage, bad input, or a file that cannot be read or written: nothing was changed.
    case badInput = 2
    /// The orchestrator cannot be reached.
    case unreachable = 3
    /// The orchestrator refused.
    case refused = 4
    /// `wait`, `--wait`: the rollout is halted, and goes no further by itself.
    case halted = 5
}

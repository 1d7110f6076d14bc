import ArgumentParser
import Foundation

/// The command `l45`, all but its `main`.
package enum CommandLineTool {
    /// - Parameter arguments: without the command's own name.
    /// - Returns: the exit status, as `l45 --help` lists them.
    package static func run(_ arguments: [String], console: Console = .standard) async -> Int32 {
        do {
            var command = try L45.parseAsRoot(arguments)
            if var patient = command as? any AsyncParsableCommand {
                try await patient.run()
            } else {
                try command.run()
            }
            return ExitStatus.ok.rawValue
        } catch let end as CommandEnd {
            return report(end, console)
        } catch {
            return reportParsing(error, console)
        }
    }

    private static func report(_ end: CommandEnd, _ console: Console) -> Int32 {
        switch end {
        case .readerGone: return ExitStatus.ok.rawValue
        case .status(let status): return status
        case .failed(let failure):
            console.complain(failure.text(console.palette(for: .err)))
            return failure.status.rawValue
        }
    }

    /// Help and version are errors to the parser, and good ends to us.
    private static func reportParsing(_ error: any Error, _ console: Console) -> Int32 {
        let text = L45.fullMessage(for: error)
        guard L45.exitCode(for: error) == .success else {
            console.complain(text)
            return ExitStatus.badInput.rawValue
        }
        do {
            try console.print(text)
            return ExitStatus.ok.rawValue
        } catch {
            return ExitStatus.ok.rawValue
        }
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
}

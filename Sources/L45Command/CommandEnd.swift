import ControlChannel
import L45Model

/// How a command ends, when not simply well.
enum CommandEnd: Error {
    case failed(CommandFailure)
    /// Everything was said already. Any status: `l45 run` hands on its command's.
    case status(Int32)
    /// Who reads our output has seen enough, as in `l45 get events | head`: no error.
    case readerGone

    static func notMet() -> CommandEnd { .status(ExitStatus.notMet.rawValue) }

    static func badInput(_ message: String, hint: String? = nil) -> CommandEnd {
        .failed(CommandFailure(status: .badInput, message: message, hint: hint))
    }

    static func refused(_ failure: APIFailure) -> CommandEnd {
        let status: ExitStatus = failure.code == .badInput || failure.code == .tooLong ? .badInput : .refused
        return .failed(
            CommandFailure(
                status: status, message: failure.message, diagnostics: failure.diagnostics, hint: failure.hint))
    }

    static func unanswered(_ error: OperatorClientError) -> CommandEnd {
        if case .refusedHere(let failure) = error.fault { return .refused(failure) }
        return .failed(CommandFailure(status: .unreachable, message: "\(error)"))
    }
}

/// What went wrong, for the operator.
struct CommandFailure: Hashable, Sendable {
    var status: ExitStatus
    var message: String
    /// Shown first, as they come: places in files with the line and a caret.
    var diagnostics: [String] = []
    var hint: String?

    func text(_ palette: Palette) -> String {
        var lines = diagnostics.map(Printable.lines)
        lines.append("\(palette.paint("l45:", .bad)) \(Printable.lines(message))")
        if let hint { lines.append("     \(Printable.lines(hint))") }
        return lines.joined(separator: "\n")
    }
}

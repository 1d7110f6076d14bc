/// One thing that was looked at on this machine.
struct CheckLine: Hashable, Codable, Sendable {
    enum Verdict: String, Hashable, Codable, Sendable {
        case well
        /// It goes without, worse or not everywhere.
        case warning
        /// It does not go.
        case unfit
    }

    /// `kernel`, `tap library`: what was looked at.
    var subject: String
    var verdict: Verdict
    /// What was found, with the numbers.
    var found: String
    /// What to do about it; nil: nothing has to be done.
    var wayOut: String?

    static func well(_ subject: String, _ found: String) -> CheckLine {
        CheckLine(subject: subject, verdict: .well, found: found, wayOut: nil)
    }

    static func warning(_ subject: String, _ found: String, _ wayOut: String) -> CheckLine {
        CheckLine(subject: subject, verdict: .warning, found: found, wayOut: wayOut)
    }

    static func unfit(_ subject: String, _ found: String, _ wayOut: String) -> CheckLine {
        CheckLine(subject: subject, verdict: .unfit, found: found, wayOut: wayOut)
    }
}

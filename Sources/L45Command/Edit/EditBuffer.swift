import L45Model

/// The text that an editor is given: a document, and above it what l45 has to say of it, on lines of its own.
enum EditBuffer {
    private static let mark = "#l45:"

    static func opened(_ document: String, _ name: IntentName) -> String {
        said([
            "intent/\(name) as it was applied. What you save is applied as l45 apply would; lines with this mark are not.",
            "Saved without a change, or empty, it leaves everything as it is.",
        ]) + document
    }

    /// - Parameter complaint: of one or more lines.
    static func refused(_ document: String, _ complaint: String) -> String {
        said(
            ["This was not taken, and nothing was changed:"]
                + complaint.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                + ["Mend it and save, or save it as it is to give up; lines are counted from below these."])
            + document
    }

    /// What was edited, without what l45 said.
    static func document(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.filter { !$0.hasPrefix(mark) }.joined(separator: "\n")
    }

    private static func said(_ lines: [String]) -> String {
        lines.map { $0.isEmpty ? "\(mark)\n" : "\(mark) \(Printable.line($0))\n" }.joined()
    }
}

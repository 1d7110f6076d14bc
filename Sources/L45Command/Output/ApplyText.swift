import L45Model

/// What `apply` says.
enum ApplyText {
    static func text(_ result: ApplyResult, _ palette: Palette) -> String {
        guard !result.intents.isEmpty else { return "nothing to do" }
        return result.intents.map { intent in
            let tone: Tone = intent.outcome == .unchanged ? .faint : .good
            let note = result.dryRun && intent.outcome != .unchanged ? " (dry run)" : ""
            return "intent/\(intent.name) \(palette.paint(intent.outcome.rawValue, tone))\(note)"
        }.joined(separator: "\n")
    }
}

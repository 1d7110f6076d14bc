import L45Model

/// What `apply` says.
enum ApplyText {
    static func text(_ result: ApplyResult, _ palette: Palette) -> String {
        let declared = result.declared.map { [DeclareText.text($0, palette)] } ?? []
        guard !result.intents.isEmpty else { return declared.first ?? "nothing to do" }
        let intents = result.intents.map { intent in
            let tone: Tone = intent.outcome == .unchanged ? .faint : .good
            let note = result.dryRun && intent.outcome != .unchanged ? " (dry run)" : ""
            return "intent/\(intent.name) \(palette.paint(intent.outcome.rawValue, tone))\(note)"
        }
        return (declared + intents).joined(separator: "\n")
    }
}

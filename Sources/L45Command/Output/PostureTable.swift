import L45Model

/// `l45 get posture`: a row for each level, the lowest first.
enum PostureTable {
    static func table(_ postures: [PostureView], now: Timestamp) -> Table {
        Table(
            columns: ["POSTURE", "LEVEL", "NOW", "IN FORCE", "WOULD BEGIN", "WOULD REST", "DEVICES"],
            rows: postures.flatMap { posture in
                posture.levels.map { level in
                    [
                        Cell("\(posture.name)"), Cell("\(level.name)"), standing(level, posture),
                        Cell(names(level.inForce)),
                        Cell(names(level.begins)), Cell(names(level.rests)),
                        level.current ? Cell("\(posture.devicesReady)/\(posture.devices)") : Cell("\(level.devices)"),
                    ]
                }
            })
    }

    private static func standing(_ level: PostureView.Level, _ posture: PostureView) -> Cell {
        guard level.current else { return Cell(" ") }
        return posture.isReached && posture.waiting.isEmpty ? Cell("reached", .good) : Cell("under way", .warning)
    }

    private static func names(_ intents: [IntentName]) -> String {
        let shown = intents.prefix(6).map(\.rawValue).joined(separator: ", ")
        return intents.count > 6 ? "\(shown) and \(intents.count - 6) more" : shown
    }
}

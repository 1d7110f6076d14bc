import L45Model

/// What `plan` says: the difference, what would start, what is proved.
enum PlanText {
    static func text(_ result: PlanResult, _ palette: Palette) -> String {
        guard result.change.differs else { return "nothing would change" }
        var parts = [DiffText.text(result.change, palette)]
        if !result.rotations.isEmpty {
            parts.append(section("rotations", rotations(result.rotations), palette))
        }
        if !result.proofs.isEmpty { parts.append(section("proofs", proofs(result.proofs), palette)) }
        return parts.joined(separator: "\n")
    }

    private static func section(_ title: String, _ table: Table, _ palette: Palette) -> String {
        var sheet = Sheet()
        sheet.section(title, table, palette)
        return sheet.text(palette)
    }

    private static func rotations(_ rotations: [PlanRotation]) -> Table {
        var table = Table(columns: ["FLOW", "EDITION", "CLIENTS", "SERVERS", "GOES", "TAKES AT LEAST"])
        table.rows = rotations.map { rotation in
            let edition: Cell =
                switch (rotation.from, rotation.to) {
                case (let from?, let to?): "\(from) -> \(to)"
                case (nil, let to?): Cell("begins with \(to)", .good)
                case (let from?, nil): Cell("\(from) ends", .bad)
                case (nil, nil): ""
                }
            return [
                "\(rotation.flow)", edition, "\(rotation.clients)", "\(rotation.servers)",
                Cell(rotation.waves.map { "in waves \($0)" } ?? "at once"),
                Cell(rotation.leastSeconds.map { "\(Span.milliseconds(Int64($0 * 1000)))" } ?? ""),
            ]
        }
        return table
    }

    private static func proofs(_ proofs: [PlanProof]) -> Table {
        var table = Table(columns: ["VERDICT", "OF", "WHAT", "EVIDENCE"])
        table.rows = proofs.map { proof in
            let tone: Tone =
                switch proof.verdict {
                case .proved, .odds: .good
                case .warned: .warning
                case .refuted: .bad
                }
            return [
                Cell(proof.verdict.rawValue, tone), Cell(proof.subject), Cell(proof.kind.rawValue),
                Cell(proof.evidence),
            ]
        }
        return table
    }
}

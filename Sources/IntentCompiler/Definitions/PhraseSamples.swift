import L45Model

extension PhraseGrammar.Rule {
    /// A whole phrase: its head, and a clause where it needs one.
    var sample: String {
        switch kind {
        case .rollout: "roll out in waves 1, 10%, rest; soak 5m"
        case .use: "use dig-dns, web-* from CPCON3"
        default: example
        }
    }

    /// An intent that says this clause.
    func sample(of clause: PhraseGrammar.Clause) -> String {
        switch clause.name {
        case "every bytes": "tag curl HTTP \(clause.example)"
        case "after handshake": "tag curl TLS \(clause.example)"
        default: "\(example) \(clause.example)"
        }
    }

    /// A document in which a phrase of this kind stands.
    func document(_ phrase: String) -> String {
        let item = "  - \"\(phrase)\"\n"
        switch kind {
        case .threatLevel:
            return "name: example\nintent:\n\(item)  - use dig-dns from CPCON3\n"
        case .use: return "name: example\nintent:\n\(item)  - threat level CPCON5\n"
        case .levels:
            return "name: example\nintent:\n\(item)  - threat level calm\n  - use dig-dns at storm\n"
        default: break
        }
        let isAlone = kind == .tag || kind == .monitor || kind == .guardPaths
        let clients = phrase.contains(" from ") ? "" : "clients: {role: workstation}\n"
        return
            "name: example\n\(clients)servers: {role: resolver}\nintent:\n\(isAlone ? "" : Definitions.tagged)\(item)"
    }
}

/// Phrases for tests and the reference: each of the grammar, and each with every clause.
package enum PhraseSamples {
    package struct Sample: Sendable {
        package let phrase: String
        /// A whole document with it.
        package let document: String
    }

    package static var all: [Sample] {
        PhraseGrammar.rules.flatMap { rule in
            ([rule.sample] + rule.clauses.map { rule.sample(of: $0) }).map {
                Sample(phrase: $0, document: rule.document($0))
            }
        }
    }
}

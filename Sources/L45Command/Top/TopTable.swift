import L45Model

/// What `top` ranks.
enum TopSubject: String, CaseIterable, Sendable { case devices, modules, intents, flows }

/// A row of `top`.
struct TopRow: Hashable, Codable, Sendable {
    var name: String
    var modules: Int
    /// nil: not two reports yet.
    var rates: TopLedger.Rates?
}

/// `l45 top`.
enum TopTable {
    enum Order: String, CaseIterable, Sendable { case messages, bytes }

    /// The busiest first, then by name.
    static func rows(_ subject: TopSubject, _ modules: [ModuleView], _ ledger: TopLedger, by order: Order) -> [TopRow] {
        var rows: [String: TopRow] = [:]
        for module in modules {
            let name = name(subject, module)
            var row = rows[name] ?? TopRow(name: name, modules: 0, rates: nil)
            row.modules += 1
            if let rates = ledger.rates(module.id) { row.rates = (row.rates ?? TopLedger.Rates()) + rates }
            rows[name] = row
        }
        func weight(_ row: TopRow) -> Double {
            guard let rates = row.rates else { return -1 }
            return order == .messages ? rates.messages : rates.bytes
        }
        return rows.values.sorted { (weight($1), $0.name) < (weight($0), $1.name) }
    }

    static func table(_ subject: TopSubject, _ rows: [TopRow]) -> Table {
        var table = Table(columns: [
            subject.rawValue.dropLast().uppercased(), "MODULES", "SENT/S", "RECEIVED/S", "BYTES OUT/S", "BYTES IN/S",
        ])
        table.rows = rows.map { row in
            func cell(_ key: KeyPath<TopLedger.Rates, Double>) -> Cell {
                guard let rates = row.rates else { return Cell("", .faint) }
                return Cell(amount(rates[keyPath: key]))
            }
            return [
                Cell(row.name), "\(row.modules)", cell(\.messagesSent), cell(\.messagesReceived), cell(\.bytesSent),
                cell(\.bytesReceived),
            ]
        }
        return table
    }

    private static func name(_ subject: TopSubject, _ module: ModuleView) -> String {
        switch subject {
        case .devices: module.deviceName
        case .modules: "\(module.id) \(module.flow) \(module.role.rawValue) on \(module.deviceName)"
        case .intents: "\(module.intent)"
        case .flows: "\(module.flow)"
        }
    }

    /// `0`, `0.4`, `12`, `3.4k`, `12M`.
    static func amount(_ value: Double) -> String {
        var value = value
        for unit in ["", "k", "M", "G", "T"] {
            if value < 1000 || unit == "T" {
                let tenths = Int((value * 10).rounded())
                return (value >= 10 || tenths % 10 == 0 ? "\(Int(value.rounded()))" : "\(tenths / 10).\(tenths % 10)")
                    + unit
            }
            value /= 1000
        }
        return "\(value)"
    }
}

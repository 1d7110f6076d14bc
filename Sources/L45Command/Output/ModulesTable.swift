import L45Model

/// `l45 get modules`.
enum ModulesTable {
    static func table(_ modules: [ModuleView], now: Timestamp, wide: Bool = false) -> Table {
        var columns = ["ID", "DEVICE", "FLOW", "EPOCH", "ROLE", "STATE", "SOCKETS", "SENT", "RECEIVED", "ACTIVE"]
        if wide {
            columns += [
                "CONFIRMED", "CHECK", "PRIORITY", "IN DIALECT", "LEFT PLAIN", "DROPPED", "FORGED", "SOCKET", "DIALECT",
            ]
        }
        return Table(
            columns: columns,
            rows: modules.map { module in
                var row: [Cell] = [
                    Cell("\(module.id)"),
                    Cell(module.deviceName),
                    Cell("\(module.flow)"),
                    "\(module.epoch)",
                    Cell(module.role.rawValue),
                    state(module),
                    "\(module.sockets)",
                    "\(module.statistics.messagesSent)",
                    "\(module.statistics.messagesReceived)",
                    .ticking(Age.since(module.activeAt, now)),
                ]
                if wide {
                    row += [
                        ConditionsTable.cell(module.conditions, "Confirmed"),
                        Cell(module.check?.state.rawValue ?? "-", module.check?.state == .failed ? .bad : .plain),
                        "\(module.priority)",
                        "\(module.streamsInDialect)",
                        Cell("\(module.streamsLeftPlain)", module.streamsLeftPlain == 0 ? .plain : .warning),
                        "\(module.statistics.dropped)",
                        Cell("\(module.statistics.forged)", module.statistics.forged == 0 ? .plain : .bad),
                        Cell(module.tapSocket),
                        Cell(module.dialect),
                    ]
                }
                return row
            })
    }

    /// What the tap says, and what it was told where the two differ.
    static func state(_ module: ModuleView) -> Cell {
        switch (module.reported, module.decided) {
        case (let reported?, let decided?) where reported == decided:
            Cell(module.underTest == true ? "\(reported.rawValue), under test" : reported.rawValue, .good)
        case (let reported?, let decided?): Cell("\(reported.rawValue), wants \(decided.rawValue)", .warning)
        case (let reported?, nil): Cell("\(reported.rawValue), wants to go", .warning)
        case (nil, let decided?): Cell("absent, wants \(decided.rawValue)", .warning)
        case (nil, nil): Cell("planned", .faint)
        }
    }
}

import L45Model

/// What `diff` says: the inventory, intents, then devices with their modules, `+` added, `-` removed, `~` changed.
enum DiffText {
    /// - Returns: empty when nothing differs.
    static func text(_ result: ApplyResult, _ palette: Palette) -> String {
        guard result.differs else { return "" }
        var lines: [String] = []
        if let declared = result.declared, declared.differs {
            lines.append(DeclareText.text(declared, palette, all: false))
        }
        lines += result.intents.filter { $0.outcome != .unchanged }.map { intent in
            switch intent.outcome {
            case .created: palette.paint("+ intent/\(intent.name)", .good)
            case .pruned: palette.paint("- intent/\(intent.name)", .bad)
            case .configured, .unchanged: palette.paint("~ intent/\(intent.name)", .warning)
            }
        }
        for device in result.devices {
            lines.append(palette.paint("device/\(Printable.line(device.deviceName))", .heading))
            for module in device.modules {
                let name = "\(module.flow) \(module.role.rawValue)"
                switch module.kind {
                case .added:
                    lines.append(palette.paint("  + \(name)  \(module.tapSocket)  \(module.dialect)", .good))
                case .removed:
                    lines.append(palette.paint("  - \(name)  \(module.tapSocket)  \(module.dialect)", .bad))
                case .changed:
                    lines.append(palette.paint("  ~ \(name)", .warning))
                    lines += module.fields.map { "      \($0.name): \($0.from) -> \($0.to)" }
                }
            }
            for path in device.paths {
                let text = "path/\(path.name)  \(path.policy)"
                switch path.kind {
                case .added: lines.append(palette.paint("  + \(text)", .good))
                case .removed: lines.append(palette.paint("  - \(text)", .bad))
                case .changed: lines.append(palette.paint("  ~ \(text)", .warning))
                }
            }
        }
        return lines.joined(separator: "\n")
    }
}

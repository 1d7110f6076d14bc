/// A page of the manual, in mdoc(7), made of the same definitions as help.
enum ManPage {
    /// `l45-apply`.
    static func name(_ command: ToolDescription.Command) -> String {
        ((command.superCommands ?? []) + [command.commandName]).joined(separator: "-")
    }

    /// - Parameters:
    ///   - date: as mdoc has it, `November 21, 2026`.
    ///   - root: of the whole tool, whose exit statuses hold for every verb.
    static func text(
        _ command: ToolDescription.Command, root: ToolDescription.Command, date: String, version: String
    ) -> String {
        let prose = ManProse(command.discussion ?? "")
        var out: [String] = [
            ".\\\" Made by 'l45 manual' of the definitions that 'l45 --help' prints.",
            ".Dd \(date)", ".Dt \(name(command).uppercased()) 1", ".Os l45 \(version)",
            ".Sh NAME", ".Nm \(name(command))", ".Nd \(ManProse.escaped(sentence(command.abstract)))",
            ".Sh SYNOPSIS",
        ]
        out += synopsis(command)
        out += [".Sh DESCRIPTION"]
        out += ManProse.lines(command.abstract ?? "")
        out += prose.paragraphs.flatMap { [".Pp"] + ManProse.lines($0) }
        out += options(told(command))
        if !command.verbs.isEmpty {
            out += [".Sh COMMANDS"]
            out += command.superCommands?.isEmpty ?? true ? list(command.verbs) : command.verbs.flatMap(section)
        }
        if let status = exitStatus(root) { out += [".Sh EXIT STATUS"] + ManProse.lines(status) }
        if !prose.examples.isEmpty { out += [".Sh EXAMPLES"] + literal(prose.examples) }
        out += [".Sh SEE ALSO"]
        out += seeAlso(command, root)
        return out.joined(separator: "\n") + "\n"
    }

    /// `Make intents so.` as `make intents so`.
    private static func sentence(_ abstract: String?) -> String {
        var text = abstract ?? ""
        if text.hasSuffix(".") { text.removeLast() }
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    private static func synopsis(_ command: ToolDescription.Command) -> [String] {
        var lines = [".Nm \(command.title)"]
        if !command.verbs.isEmpty { lines.append(".Ar command") }
        for option in told(command) {
            let names = option.names ?? []
            let dots = option.isRepeating ? " ..." : ""
            let value = ManProse.escaped(option.valueName ?? "value")
            switch option.kind {
            case .positional: lines.append(option.isOptional ? ".Op Ar \(value)\(dots)" : ".Ar \(value)\(dots)")
            case .flag:
                guard let name = names.last else { continue }
                lines.append(".Op \(flag(name))")
            case .option:
                guard let name = names.last else { continue }
                let text = "\(flag(name)) Ar \(value)\(dots)"
                lines.append(option.isOptional ? ".Op \(text)" : ".\(text)")
            }
        }
        return lines
    }

    /// `--help` and `--version` go without saying, but where the tool itself is told of.
    private static func told(_ command: ToolDescription.Command) -> [ToolDescription.Argument] {
        guard command.superCommands?.isEmpty == false else { return command.options }
        return command.options.filter { option in
            !(option.names ?? []).contains { ["help", "version"].contains($0.name) }
        }
    }

    private static func flag(_ name: ToolDescription.Argument.Name) -> String {
        name.kind == "short" ? "Fl \(name.name)" : "Fl -\(name.name)"
    }

    private static func options(_ options: [ToolDescription.Argument]) -> [String] {
        guard !options.isEmpty else { return [] }
        var lines = [".Pp", "The arguments are as follows:", ".Bl -tag -width Ds"]
        for option in options {
            let value = option.kind == .flag ? "" : " Ar \(ManProse.escaped(option.valueName ?? "value"))"
            let names = (option.names ?? []).sorted { $0.kind > $1.kind }.map(flag)
            lines.append(
                ".It \(option.kind == .positional ? String(value.dropFirst()) : names.joined(separator: " , ") + value)"
            )
            lines += ManProse.lines(option.abstract ?? "")
            // A text that tells its values or its default itself is not told twice.
            if let values = option.allValues, !values.isEmpty {
                lines += ManProse.lines("One of \(values.joined(separator: ", ")).")
            }
            if let standard = option.defaultValue, !standard.isEmpty, option.kind != .flag {
                lines += ManProse.lines("Default: \(standard).")
            }
        }
        return lines + [".El"]
    }

    private static func list(_ verbs: [ToolDescription.Command]) -> [String] {
        [".Bl -tag -width Ds"] + verbs.flatMap { [".It Xr \(name($0)) 1"] + ManProse.lines($0.abstract ?? "") } + [
            ".El"
        ]
    }

    /// A verb of a verb: a section of its page.
    private static func section(_ command: ToolDescription.Command) -> [String] {
        let prose = ManProse(command.discussion ?? "")
        return [".Ss \(command.title)"] + ManProse.lines(command.abstract ?? "")
            + prose.paragraphs.flatMap { [".Pp"] + ManProse.lines($0) }
            + (prose.examples.isEmpty ? [] : literal(prose.examples))
            + options(told(command)) + command.verbs.flatMap(section)
    }

    private static func literal(_ lines: [String]) -> [String] {
        [".Bd -literal -offset indent"] + lines.map(ManProse.guarded) + [".Ed"]
    }

    /// What the tool's own help says of statuses.
    private static func exitStatus(_ root: ToolDescription.Command) -> String? {
        ManProse(root.discussion ?? "").paragraphs.first { $0.hasPrefix("Exit status: ") }
            .map { String($0.dropFirst("Exit status: ".count)) }
            .map { "The status is: \($0)" }
    }

    private static func seeAlso(_ command: ToolDescription.Command, _ root: ToolDescription.Command) -> [String] {
        if command.superCommands?.isEmpty ?? true {
            let names = command.verbs.map(name).sorted()
            return names.enumerated().map { ".Xr \($1) 1\($0 == names.count - 1 ? "" : " ,")" }
        }
        return [".Xr \(root.commandName) 1"]
    }
}

import ArgumentParser

/// Where a dry run is worked out: `--dry-run=server`, `--dry-run=client`.
enum DryRun: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// What would change.
    case server
    /// Whether the files parse; nobody is asked.
    case client

    private static let prefix = "--dry-run="

    /// The parser has flags and options, and nothing that is either: with a value, the flag becomes an option.
    /// - Throws: `CommandEnd`, when the value is none: a dry run that was meant must never become a real one.
    static func rewritten(_ arguments: [String]) throws(CommandEnd) -> [String] {
        guard arguments.first == "apply" else { return arguments }
        var out: [String] = []
        for argument in arguments {
            guard argument.hasPrefix(prefix) else {
                out.append(argument)
                continue
            }
            let value = String(argument.dropFirst(prefix.count))
            guard DryRun(rawValue: value) != nil else {
                throw .badInput(
                    "'\(argument)': a dry run is at the server or at the client", hint: "write --dry-run=server")
            }
            out.append("--dry-run-at=\(value)")
        }
        return out
    }
}

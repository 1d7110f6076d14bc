import ArgumentParser
import IntentCompiler
import L45Model

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show intents in their long form, every default written out.",
        discussion: """
            Asks no orchestrator. The output is an intent again: apply it, and nothing differs.

              l45 explain -f intents/dig-dns-front.yaml
              echo '{name: dns, intent: [tag dig DNS]}' | l45 explain -f -
            """)

    @OptionGroup var sources: SourceOptions

    func run() async throws {
        let parsed = IntentParser.parse(try sources.read().map { IntentSource(origin: $0.origin, text: $0.text) })
        try Console.standard.print(parsed.texts().joined(separator: "---\n").trimmingLineEnd)
    }
}

extension ParseResult {
    /// - Throws: `CommandEnd` with every mistake when there is one.
    fileprivate func texts() throws -> [String] {
        try check()
        return intents.map { explain($0) }
    }

    /// Shows warnings, and throws for errors.
    func check(_ console: Console = .standard) throws {
        if diagnostics.hasErrors {
            let count = diagnostics.count { $0.severity == .error }
            throw CommandEnd.failed(
                CommandFailure(
                    status: .badInput, message: count == 1 ? "there is 1 mistake" : "there are \(count) mistakes",
                    diagnostics: diagnostics.map { $0.rendered() }))
        }
        for warning in diagnostics { console.complain(Printable.lines(warning.rendered())) }
    }
}

extension String {
    /// Without the line end that `print` adds again.
    var trimmingLineEnd: String { hasSuffix("\n") ? String(dropLast()) : self }
}

import ArgumentParser
import IntentCompiler
import L45Model

struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say why an intent is not done, or show intents in their long form.",
        discussion: """
            With a name: which device holds the intent up, what it lacks, since when, and what comes next and when.
            With -f: every default written out. That asks no orchestrator, and the output is an intent again: apply \
            it, and nothing differs.

              l45 explain dig-dns
              l45 explain -f intents/dig-dns-front.yaml
              echo '{name: dns, intent: [tag dig DNS]}' | l45 explain -f -
            """)

    @Argument(help: "An intent that is in force, or on its way.", completion: Names.intents)
    var intent: String?
    @OptionGroup var sources: SourceOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard intent == nil || sources.files.isEmpty else {
            throw ValidationError("Name an intent, or give files with -f, not both.")
        }
    }

    func run() async throws {
        if let intent { return try await Standing.explain(IntentName(intent), server) }
        let parsed = IntentParser.parse(
            try sources.readIntents().intents.map { IntentSource(origin: $0.origin, text: $0.text) })
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
                    status: .badInput, message: "there \(count == 1 ? "is" : "are") \(counted(count, "mistake"))",
                    diagnostics: diagnostics.map { $0.rendered() }))
        }
        for warning in diagnostics { console.complain(Printable.lines(warning.rendered())) }
    }
}

extension String {
    /// Without the line end that `print` adds again.
    var trimmingLineEnd: String { hasSuffix("\n") ? String(dropLast()) : self }
}

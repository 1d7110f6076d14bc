import ArgumentParser
import IntentCompiler
import L45Model

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Find every mistake in files of intents, without an orchestrator.",
        discussion: """
            Reads all files and tells of all mistakes at once: what can not be read, what is no intent, two intents of \
            one name, intents that fight each other, selectors that nothing can meet. What depends on the devices that \
            there are, 'l45 plan' says.

              l45 validate -f intents/
              l45 validate -f intents/ -o sarif > l45.sarif     for code review
              l45 validate -f intents/ -o json

            Exit status: 0 no mistake, there may be warnings; 2 there are some.
            """)

    @OptionGroup var sources: SourceOptions
    @Option(name: [.short, .long], help: "How to show it.")
    var output: Format = .text

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, sarif }

    func run() async throws {
        let read = try sources.readAll()
        let reading = InventoryReader.read(read.sources.map { IntentSource(origin: $0.origin, text: $0.text) })
        let check = OfflineCheck(
            reading.rest, faults: read.faults.map(\.diagnostic) + reading.diagnostics)
        let console = Console.standard
        let files = read.sources.count + read.faults.count
        switch output {
        case .text:
            if !check.diagnostics.isEmpty { console.complain(Printable.lines(check.diagnostics.rendered())) }
            let summary = ValidationText.summary(check, files: files)
            if !check.diagnostics.hasErrors { try console.print(summary) } else { console.complain("\n\(summary)") }
        case .json: try console.print(Listing.json(ValidationDocument(check, files: files)))
        case .sarif: try console.print(Listing.json(SarifLog(check.diagnostics)))
        }
        if check.diagnostics.hasErrors { throw CommandEnd.status(ExitStatus.badInput.rawValue) }
    }
}

extension SourceFault {
    fileprivate var diagnostic: Diagnostic {
        Diagnostic(
            at: SourcePlace(origin: path, line: line, column: column), message, hint: hint, rule: .file)
    }
}

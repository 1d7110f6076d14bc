import ArgumentParser
import IntentCompiler
import L45Model

/// Which intents are meant.
struct SourceOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .customLong("file")], parsing: .upToNextOption,
        help: ArgumentHelp(
            "Files, folders (every *.yaml and *.yml below), or '-' for standard input.", valueName: "path"))
    var files: [String] = []

    func read() throws -> [APISource] {
        try checkGiven()
        return try IntentSources.read(files)
    }

    /// Intents, and what the inventories beside them declare; nil: there is none.
    /// - Throws: `CommandEnd` with every mistake of an inventory.
    func readIntents(
        prune: Bool = false, dryRun: Bool = false
    ) throws -> (intents: [APISource], declares: DeclareRequest?) {
        let reading = InventoryReader.read(try read().map { IntentSource(origin: $0.origin, text: $0.text) })
        try ParseResult(intents: [], diagnostics: reading.diagnostics).check()
        let intents = reading.rest.map { APISource(origin: $0.origin, text: $0.text) }
        let declares = DeclareRequest(
            devices: reading.devices, middleboxes: reading.middleboxes, declarers: reading.declarers, prune: prune,
            dryRun: dryRun)
        return (intents, reading.isThere ? declares : nil)
    }

    func readAll() throws -> (sources: [APISource], faults: [SourceFault]) {
        try checkGiven()
        return try IntentSources.readAll(files)
    }

    private func checkGiven() throws {
        guard files.isEmpty else { return }
        throw CommandEnd.badInput(
            "no intents are given", hint: "name files or folders with -f, or '-f -' for standard input")
    }
}

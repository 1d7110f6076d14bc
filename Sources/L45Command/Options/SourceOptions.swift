import ArgumentParser
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

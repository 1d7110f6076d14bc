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
        guard !files.isEmpty else {
            throw CommandEnd.badInput(
                "no intents are given", hint: "name files or folders with -f, or '-f -' for standard input")
        }
        return try IntentSources.read(files)
    }
}

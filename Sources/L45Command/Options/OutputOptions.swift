import ArgumentParser

/// How resources are shown.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
    case table, wide, json, yaml, name
}

struct OutputOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "How to show it.")
    var output: OutputFormat = .table
}

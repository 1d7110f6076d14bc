import ArgumentParser
import L45Model

/// For verbs that may wait for what they began.
struct WaitOptions: ParsableArguments {
    @Flag(help: "Wait until every tap in scope has it.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait: 250ms, 90s, 5m, 6h.", valueName: "span"))
    var timeout: Span = .seconds(300)
}

extension Span: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
    package var defaultValueDescription: String { description }
}

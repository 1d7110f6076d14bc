import ArgumentParser
import L45Model

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Let devices enrol.", subcommands: [Create.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Make a token that enrols one device, once.",
            discussion: """
                The token alone goes to standard output; how to use it, to standard error when that is a terminal.

                  (umask 077; l45 token create --label role=web > token)
                  l45 agent --orchestrator nco.example:7450 --token-file token
                """)

        @Option(help: ArgumentHelp("How long it is good for: 250ms, 90s, 5m, 6h.", valueName: "span"))
        var ttl: Span = .seconds(3600)
        @Option(name: .customLong("label"), help: ArgumentHelp("Labels for the device.", valueName: "k=v,..."))
        var labels: [Labels] = []
        @Option(name: [.short, .long], help: ArgumentHelp("'token' alone, or 'json', or 'yaml'.", valueName: "format"))
        var output: Format = .token
        @OptionGroup var server: ServerOptions

        enum Format: String, ExpressibleByArgument, CaseIterable, Sendable { case token, json, yaml }

        func validate() throws {
            guard ttl > .zero else { throw ValidationError("--ttl 0s would be over at once.") }
        }

        func run() async throws {
            let response = try await server.ask(.createToken(TokenRequest(ttl: ttl, labels: Labels.merged(labels))))
            guard case .token(let view) = response else { throw response.unexpected }
            let console = Console.standard
            switch output {
            case .token: try console.print(view.token)
            case .json: try console.print(Listing.json(view))
            case .yaml: try console.print(Listing.yaml(view))
            }
            if console.isTerminal(.err), output == .token {
                let orchestrator = view.orchestrator ?? "HOST:PORT"
                console.complain(
                    "good for \(ttl), once: l45 agent --orchestrator \(orchestrator) --token-file FILE")
            }
        }
    }
}

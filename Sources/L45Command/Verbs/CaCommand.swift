import ArgumentParser
import L45Model

struct CaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca", abstract: "See and change the authority that certifies devices.",
        subcommands: [Status.self, Rotate.self])

    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable { case text, json, yaml }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status",
            abstract: "Say which authority issues, and how far a change to another has come.",
            discussion: """
                A change that is under way names the devices that it waits for. One that will not come back is let go of \
                with 'l45 forget device' or 'l45 device evict'.

                  l45 ca status
                """)

        @Option(name: [.short, .long], help: "How to show it.")
        var output: Format = .text
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await CaCommand.show(AuthorityRequest(), output, server)
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate",
            abstract: "Change to a new authority, in phases, with both trusted meanwhile.",
            discussion: """
                distributing: devices are told of the new one. renewing: it issues, and every device gets a certificate \
                of it. dropping: the old one is let go of. A phase ends when the last device has confirmed it, also over \
                restarts of the orchestrator. Tokens that were made before 'renewing' are void from then on.

                  l45 ca rotate
                """)

        @Option(name: [.short, .long], help: "How to show it.")
        var output: Format = .text
        @OptionGroup var server: ServerOptions

        func run() async throws {
            try await CaCommand.show(AuthorityRequest(rotate: true), output, server)
        }
    }

    private static func show(_ request: AuthorityRequest, _ output: Format, _ server: ServerOptions) async throws {
        let response = try await server.ask(.authority(request))
        guard case .authority(let view) = response else { throw response.unexpected }
        let console = Console.standard
        switch output {
        case .text: try console.print(AuthorityText.text(view, now: .now(), console.palette(for: .out)))
        case .json: try console.print(Listing.json(view))
        case .yaml: try console.print(Listing.yaml(view))
        }
    }
}

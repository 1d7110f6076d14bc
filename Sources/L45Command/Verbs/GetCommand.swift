import ArgumentParser
import ControlChannel
import L45Model

/// What `get` lists.
enum ResourceKind: String, ExpressibleByArgument, CaseIterable, Sendable {
    case devices, intents, modules, rollouts, paths, middleboxes, posture, alerts, events, sources

    init?(argument: String) {
        guard
            let kind = Self.allCases.first(where: { [$0.rawValue, $0.singular].contains(argument) })
        else { return nil }
        self = kind
    }

    /// There is one posture.
    var singular: String {
        switch self {
        case .posture: rawValue
        case .middleboxes: "middlebox"
        default: String(rawValue.dropLast())
        }
    }
}

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract:
            "List devices, intents, modules, rollouts, paths, middleboxes, the posture, alerts, events or git sources.",
        discussion: #"""
              l45 get devices -l role=resolver -o wide
              l45 get devices -l 'role in (resolver,web),site!=lab,!spare'
              l45 get modules --intent dns --watch
              l45 get intents dns -o yaml
              l45 get paths --intent wan -o wide
              l45 get middleboxes -o wide
              l45 get alerts --severity warning
              l45 get alerts --state all --device resolver-1 -o wide
              l45 get events intent/dns --limit 20
              l45 get events flow/dns          every flow of the intent
              l45 get sources -o wide
              l45 get devices -o jsonpath='{[?(@.link=="away")].name}'
              l45 get modules -o jsonpath='{range [*]}{.id}{"\t"}{.deviceName}{"\n"}{end}'
            """#)

    @OptionGroup var what: GetOptions
    @Flag(name: [.short, .long], help: "Go on, and show what changes.")
    var watch = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let request = try what.request()
        if watch { return try await Watcher(server: server, output: output.output).watch(request) }
        let console = Console.standard
        let listing = try await Listing.of(server.ask(request))
        guard !listing.isEmpty || output.output.isForPrograms else {
            console.complain("no \(what.kind.rawValue)")
            return
        }
        try console.print(listing.text(output.output, now: .now(), console.palette(for: .out)))
    }
}

extension Listing {
    static func of(_ response: APIResponse) throws -> Listing {
        guard let listing = Listing(response) else { throw response.unexpected }
        return listing
    }
}

import ArgumentParser
import ControlChannel
import L45Model

/// What `get` lists.
enum ResourceKind: String, ExpressibleByArgument, CaseIterable, Sendable {
    case devices, intents, modules, rollouts, paths, posture, alerts, events, sources

    init?(argument: String) {
        guard
            let kind = Self.allCases.first(where: { [$0.rawValue, $0.singular].contains(argument) })
        else { return nil }
        self = kind
    }

    /// There is one posture.
    var singular: String { self == .posture ? rawValue : String(rawValue.dropLast()) }
}

struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "List devices, intents, modules, rollouts, paths, the posture, alerts, events or git sources.",
        discussion: """
              l45 get devices -l role=resolver -o wide
              l45 get modules --intent dns --watch
              l45 get intents dns -o yaml
              l45 get paths --intent wan -o wide
              l45 get alerts --severity warning
              l45 get alerts --state all --device resolver-1 -o wide
              l45 get events intent/dns --limit 20
              l45 get events flow/dns          every flow of the intent
              l45 get sources -o wide
            """)

    @Argument(help: "What to list.")
    var kind: ResourceKind
    @Argument(help: "These alone; of events: those of this subject and below it, such as intent/dns or flow/dns.")
    var names: [String] = []
    @Option(
        name: [.customShort("l"), .customLong("selector")],
        help: ArgumentHelp("Devices with these labels.", valueName: "k=v,..."))
    var selector: [Labels] = []
    @Option(help: "Modules, rollouts and paths of this intent.")
    var intent: String?
    @Option(help: "Modules, paths and alerts of this device.")
    var device: String?
    @Option(help: "Alerts as bad as this or worse: notice, warning, critical.")
    var severity: AlertSeverity?
    @Option(help: "Alerts in this state: open, acknowledged, resolved, all. (default: those that are not resolved)")
    var state: AlertStates?
    @Option(help: "The latest so many events or alerts, 1 to 1000.")
    var limit: Int?
    @Flag(name: [.short, .long], help: "Go on, and show what changes.")
    var watch = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard selector.isEmpty || [.devices, .modules, .paths].contains(kind) else {
            throw ValidationError("-l selects devices, modules and paths; \(kind.rawValue) have no labels.")
        }
        guard intent == nil || [.modules, .rollouts, .paths].contains(kind) else {
            throw ValidationError("--intent is for modules, rollouts and paths.")
        }
        guard device == nil || [.modules, .paths, .alerts].contains(kind) else {
            throw ValidationError("--device is for modules, paths and alerts.")
        }
        guard kind == .alerts || (severity == nil && state == nil) else {
            throw ValidationError("--severity and --state are for alerts.")
        }
        if kind == .alerts { _ = try AlertIDs.of(names) }
        if kind == .events || kind == .alerts {
            guard kind == .alerts || names.count <= 1 else {
                throw ValidationError("Events are listed of one subject at a time.")
            }
            guard (1...1000).contains(limit ?? 200) else { throw ValidationError("--limit is 1 to 1000.") }
        } else if limit != nil {
            throw ValidationError("--limit is for events and alerts.")
        }
    }

    func run() async throws {
        let request = try request()
        if watch { return try await Watcher(server: server, output: output.output).watch(request) }
        let console = Console.standard
        let listing = try await Listing.of(server.ask(request))
        guard !listing.isEmpty || [.json, .yaml].contains(output.output) else {
            console.complain("no \(kind.rawValue)")
            return
        }
        try console.print(listing.text(output.output, now: .now(), console.palette(for: .out)))
    }

    private func request() throws -> APIRequest {
        // What `-o name` prints is understood as a name again.
        let prefix = "\(self.kind.singular)/"
        let bare = names.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
        let kind: ResourceQuery.Kind
        switch self.kind {
        case .devices: kind = .devices
        case .intents: kind = .intents
        case .modules: kind = .modules
        case .rollouts: kind = .rollouts
        case .paths: kind = .paths
        case .posture: kind = .posture
        case .events: return .events(EventQuery(subject: names.first, limit: limit ?? 200))
        case .sources: return .sources(SourceQuery(names: bare))
        case .alerts:
            return .alerts(
                AlertQuery(
                    ids: try AlertIDs.of(names), states: (state ?? .unresolved).states, severity: severity ?? .notice,
                    device: device, limit: limit ?? 1000))
        }
        return .get(
            ResourceQuery(
                kind, names: bare, selector: Labels.merged(selector), intent: intent.map { IntentName($0) },
                device: device))
    }
}

extension Listing {
    static func of(_ response: APIResponse) throws -> Listing {
        guard let listing = Listing(response) else { throw response.unexpected }
        return listing
    }
}

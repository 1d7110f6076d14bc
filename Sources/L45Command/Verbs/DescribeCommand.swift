import ArgumentParser
import L45Model

struct DescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Show all about one device, intent, module, path, middlebox, posture, alert or git source.",
        discussion: """
              l45 describe device resolver-1
              l45 describe intent dns
              l45 describe module 3f0c6d6b8f1a2e45
              l45 describe path edge-1/wan/10.2.0.0/24
              l45 describe middlebox fw-paris
              l45 describe posture cpcon
              l45 describe alert 12
              l45 describe source net
              l45 describe intent dns -o jsonpath='{.intent.conditions[?(@.type=="Ready")].message}'
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable {
        case device, intent, module, path, middlebox, posture, alert, source
    }

    @Argument(help: "What it is.")
    var kind: Kind
    @Argument(
        help:
            "A name; of a device also its id or the start of it, of a path INTENT/DESTINATION after its device's, of an alert its number.",
        completion: Names.any
    )
    var name: String
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private static let events = 20

    func run() async throws {
        let console = Console.standard
        let described = try await described()
        try console.print(
            output.output.document(described, names: [described.name])
                ?? described.text(now: .now(), console.palette(for: .out)))
    }

    private func described() async throws -> Described {
        // What '-o name' prints is understood as a name again.
        let prefix = "\(kind.rawValue)/"
        let name = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        switch kind {
        case .device:
            let response = try await server.ask(.get(ResourceQuery(.devices, names: [name])))
            guard case .devices(let devices) = response, let device = devices.first else { throw response.unexpected }
            return .device(
                device, modules: try await modules(ResourceQuery(.modules, device: device.id.rawValue)),
                events: try await events("device/\(device.id)"))
        case .intent:
            let response = try await server.ask(.get(ResourceQuery(.intents, names: [name])))
            guard case .intents(let intents) = response, let intent = intents.first else { throw response.unexpected }
            let rollouts = try await server.ask(.get(ResourceQuery(.rollouts, intent: intent.name)))
            guard case .rollouts(let flows) = rollouts else { throw rollouts.unexpected }
            let answer = try await server.ask(.get(ResourceQuery(.paths, intent: intent.name)))
            let paths = if case .paths(let all) = answer { all } else { [PathView]() }
            return .intent(
                intent, rollouts: flows, modules: try await modules(ResourceQuery(.modules, intent: intent.name)),
                paths: paths, events: try await events("intent/\(intent.name)"))
        case .module:
            guard let module = try await modules(ResourceQuery(.modules, names: [name])).first else {
                throw CommandEnd.refused(APIFailure(.notFound, "there is no module '\(name)'"))
            }
            return .module(module)
        case .posture:
            let response = try await server.ask(.get(ResourceQuery(.posture, names: [name])))
            guard case .posture(let postures) = response, let posture = postures.first else {
                throw response.unexpected
            }
            return .posture(posture, events: try await events("posture/\(posture.name)"))
        case .middlebox:
            let response = try await server.ask(.get(ResourceQuery(.middleboxes, names: [name])))
            guard case .middleboxes(let boxes) = response, let box = boxes.first else { throw response.unexpected }
            return .middlebox(box)
        case .source:
            let response = try await server.ask(.sources(SourceQuery(names: [name])))
            guard case .sources(let sources) = response, let source = sources.first else { throw response.unexpected }
            return .source(source, events: try await events("source/\(name)"))
        case .alert:
            let response = try await server.ask(.alerts(AlertQuery(ids: try AlertIDs.of([name]))))
            guard case .alerts(let alerts) = response, let alert = alerts.first else { throw response.unexpected }
            return .alert(alert, events: try await events("alert/\(alert.id)"))
        case .path:
            let response = try await server.ask(.get(ResourceQuery(.paths, names: [name])))
            guard case .paths(let paths) = response, let path = paths.first else { throw response.unexpected }
            guard paths.count == 1 else {
                let names = paths.prefix(5).map { "\($0.deviceName)/\($0.name)" }.joined(separator: ", ")
                throw CommandEnd.refused(
                    APIFailure(.conflict, "'\(name)' fits \(paths.count) paths: \(names)", hint: "name one of them"))
            }
            return .path(path, events: try await events("path/\(path.device)/\(path.name)"))
        }
    }

    private func modules(_ query: ResourceQuery) async throws -> [ModuleView] {
        let response = try await server.ask(.get(query))
        guard case .modules(let modules) = response else { throw response.unexpected }
        return modules
    }

    private func events(_ subject: String) async throws -> [EventView] {
        let response = try await server.ask(.events(EventQuery(subject: subject, limit: Self.events)))
        guard case .events(let events) = response else { throw response.unexpected }
        return events
    }
}

import ArgumentParser
import L45Model

struct DescribeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe",
        abstract: "Show all about one device, intent or module.",
        discussion: """
              l45 describe device resolver-1
              l45 describe intent dns
              l45 describe module 3f0c6d6b8f1a2e45
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable { case device, intent, module }

    @Argument(help: "What it is.")
    var kind: Kind
    @Argument(help: "A name; of a device also its id or the start of it.")
    var name: String
    @OptionGroup var server: ServerOptions

    private static let events = 20

    func run() async throws {
        let console = Console.standard
        try console.print(try await text(console.palette(for: .out)))
    }

    private func text(_ palette: Palette) async throws -> String {
        switch kind {
        case .device:
            let response = try await server.ask(.get(ResourceQuery(.devices, names: [name])))
            guard case .devices(let devices) = response, let device = devices.first else { throw response.unexpected }
            return DescribeDevice.text(
                device, modules: try await modules(ResourceQuery(.modules, device: device.id.rawValue)),
                events: try await events("device/\(device.id)"), now: .now(), palette)
        case .intent:
            let response = try await server.ask(.get(ResourceQuery(.intents, names: [name])))
            guard case .intents(let intents) = response, let intent = intents.first else { throw response.unexpected }
            let rollouts = try await server.ask(.get(ResourceQuery(.rollouts, intent: intent.name)))
            guard case .rollouts(let flows) = rollouts else { throw rollouts.unexpected }
            return DescribeIntent.text(
                intent, rollouts: flows, modules: try await modules(ResourceQuery(.modules, intent: intent.name)),
                events: try await events("intent/\(intent.name)"), now: .now(), palette)
        case .module:
            guard let module = try await modules(ResourceQuery(.modules, names: [name])).first else {
                throw CommandEnd.refused(APIFailure(.notFound, "there is no module '\(name)'"))
            }
            return DescribeModule.text(module, now: .now(), palette)
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

import ArgumentParser
import L45Model

/// Which stretch of the trail.
struct EventOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Of this alone and of what lies below it: intent/dns, flow/dns, device/NAME.", valueName: "kind/name"))
    var subject: String?
    @Option(help: ArgumentHelp("The latest so many, 1 to 1000.", valueName: "number"))
    var limit = 200

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
    }

    /// Events stand under a device's id; people say its name.
    /// - Throws: `CommandEnd`, when there is no such device.
    func query(_ server: ServerOptions) async throws -> EventQuery {
        var query = EventQuery(subject: subject, limit: limit)
        let parts = (subject ?? "").split(separator: "/", maxSplits: 1).map(String.init)
        if parts.count == 2, parts[0] == "device" {
            let response = try await server.ask(.get(ResourceQuery(.devices, names: [parts[1]])))
            guard case .devices(let devices) = response, let device = devices.first else { throw response.unexpected }
            query.subject = "device/\(device.id)"
        }
        return query
    }
}

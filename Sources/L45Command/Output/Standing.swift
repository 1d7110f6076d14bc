import L45Model

/// Why an intent is not done, asked of the orchestrator.
enum Standing {
    /// - Throws: `CommandEnd` when there is no such intent.
    static func explain(_ name: IntentName, _ server: ServerOptions) async throws {
        // An intent that is not there has no rollouts either; this says so.
        let views = try await server.ask(.get(ResourceQuery(.intents, names: [name.rawValue])))
        guard case .intents(let intents) = views, let intent = intents.first else { throw views.unexpected }
        let response = try await server.ask(.get(ResourceQuery(.rollouts, intent: name)))
        guard case .rollouts(let rollouts) = response else { throw response.unexpected }
        let console = Console.standard
        if rollouts.isEmpty, let posture = try await posture(name, server) {
            return try console.print(WhyText.text(posture, now: .now()))
        }
        try console.print(WhyText.text(intent, rollouts, now: .now()))
    }

    /// The posture, if that is what the intent is.
    private static func posture(_ name: IntentName, _ server: ServerOptions) async throws -> PostureView? {
        let response = try await server.ask(.get(ResourceQuery(.posture)))
        guard case .posture(let postures) = response else { throw response.unexpected }
        return postures.first { $0.name == name }
    }
}

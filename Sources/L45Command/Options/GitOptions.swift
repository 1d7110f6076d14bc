import ArgumentParser
import Orchestrator

/// Following git repositories, as far as it is the machine's business.
struct GitOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take forges' webhooks here: POST /webhook, HTTP; port 0 takes any free one. Needs --webhook-secret.",
            valueName: "host:port"))
    var webhookListen: HostPort?
    @Option(
        help: ArgumentHelp(
            """
            File of mode 600 with the secret, 16 bytes or more, that webhooks are signed with, or that GitLab sends as its token; \
            read for each one.
            """,
            valueName: "file"))
    var webhookSecret: String?
    @Option(
        help: ArgumentHelp(
            "Run this program, by its full path, for each commit that something became of, with JSON on its standard "
                + "input and no shell.", valueName: "program"))
    var sourceCommand: String?
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("An argument of that program; in their order.", valueName: "arg"))
    var sourceArgument: [String] = []

    func validate() throws {
        guard (webhookListen == nil) == (webhookSecret == nil) else {
            throw ValidationError("--webhook-listen takes signed messages alone: it goes with --webhook-secret.")
        }
        guard sourceArgument.isEmpty || sourceCommand != nil else {
            throw ValidationError("--source-argument is for the program of --source-command.")
        }
    }

    /// - Throws: `CommandEnd.badInput` when something could not work: better now than when it is needed.
    func configuration() throws -> GitConfiguration {
        let secret = webhookSecret.map { WebhookSecret(path: $0) }
        if let secret, secret.read().secret == nil {
            throw CommandEnd.badInput("--webhook-secret: \(secret.read().problem)")
        }
        let hook = sourceCommand.map { [$0] + sourceArgument }
        if let hook, let problem = GitConfiguration.problem(ofHook: hook) {
            throw CommandEnd.badInput("--source-command: \(problem)")
        }
        return GitConfiguration(
            webhook: webhookListen.map { OrchestratorConfiguration.Door(host: $0.host, port: $0.port) },
            secret: secret, hook: hook)
    }
}

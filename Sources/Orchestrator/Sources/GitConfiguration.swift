import GitSource

/// Following git repositories, as far as it is said on the orchestrator's own machine.
package struct GitConfiguration: Sendable {
    /// Where forges tell of pushes; nil: repositories are polled alone.
    package var webhook: OrchestratorConfiguration.Door?
    /// The file of the secret that they sign with.
    package var secret: WebhookSecret?
    /// Run for each commit that something became of, with JSON on its standard input; a program by its full path, and its
    /// arguments. It can be said here alone: who may add sources is not by that one who may run programs.
    package var hook: [String]?

    package init(webhook: OrchestratorConfiguration.Door? = nil, secret: WebhookSecret? = nil, hook: [String]? = nil) {
        self.webhook = webhook
        self.secret = secret
        self.hook = hook
    }

    /// What is wrong with a hook before it is run; nil: nothing.
    package static func problem(ofHook argv: [String]) -> String? { SourceHook(argv).problem }
}

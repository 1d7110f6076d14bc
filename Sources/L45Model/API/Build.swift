/// This build.
package enum Build {
    /// Of the whole: commands, orchestrator, agent.
    package static let version = "0.1.0"
}

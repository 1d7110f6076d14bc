import ArgumentParser

struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "List resources, and go on to show what changes of them.",
        discussion: """
            As 'l45 get --watch'; ends with Ctrl-C, and outlives a restart of the orchestrator.

              l45 watch rollouts --intent dns
              l45 watch alerts --severity warning
            """)

    @OptionGroup var what: GetOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await Watcher(server: server, output: output.output).watch(what.request())
    }
}

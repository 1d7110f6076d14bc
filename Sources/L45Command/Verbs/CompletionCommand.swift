import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print the script that makes a shell complete l45.",
        discussion: """
            Verbs, options and their values; names of intents and devices are asked of the orchestrator.

              l45 completion bash > /etc/bash_completion.d/l45
              l45 completion zsh > /usr/local/share/zsh/site-functions/_l45
              l45 completion fish > ~/.config/fish/completions/l45.fish
              source <(l45 completion bash)            in this shell alone
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable, Sendable { case bash, zsh, fish }

    @Argument(help: "The shell.")
    var shell: Shell

    func run() throws {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        try Console.standard.print(L45.completionScript(for: kind).trimmingLineEnd)
    }
}

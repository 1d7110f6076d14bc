import ArgumentParser
import L45Model

/// The root of the verbs.
struct L45: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "l45",
        abstract: "Customize network protocols of running programs, by intent.",
        usage: "l45 VERB ...",
        discussion: """
            Write down what you want as YAML, apply it, and the orchestrator brings every device there and \
            keeps it there.

              l45 apply -f intents/ --wait    make a folder of intents so, and wait
              l45 diff -f intents/            what would change
              l45 get devices                 who is there, and what it runs
              l45 rollout status dns --watch  how far a rotation has come
              l45 run -- dig example.org      run a program under the tap

            Verbs that talk to the orchestrator take --server PATH, its socket or its state folder, or \
            --server HOST:PORT with --certificate or --token-file; the default is $L45_SERVER, else where \
            'l45 nco' puts it.

            Exit status: 0 well; 1 it differs (diff), or did not come about in time (wait, --wait); 2 usage or \
            bad input, nothing changed; 3 the orchestrator cannot be reached; 4 the orchestrator refused; 5 the \
            rollout that was waited for is halted.
            """,
        version: Build.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Intents",
                subcommands: [
                    ApplyCommand.self, DiffCommand.self, PlanCommand.self, ValidateCommand.self, EditCommand.self,
                    DeleteCommand.self, ExplainCommand.self, SchemaCommand.self, SourceCommand.self,
                ]),
            CommandGroup(
                name: "Fleet",
                subcommands: [
                    GetCommand.self, WatchCommand.self, DescribeCommand.self, TreeCommand.self, TraceCommand.self,
                    TopCommand.self, EventsCommand.self,
                    LogsCommand.self, AlertsCommand.self, RolloutCommand.self,
                    ThreatLevelCommand.self, WaitCommand.self, LabelCommand.self, ForgetCommand.self,
                    ReadmitCommand.self, ImportCommand.self, ExportCommand.self, TokenCommand.self, DeviceCommand.self,
                    CaCommand.self,
                ]),
            CommandGroup(name: "Operators", subcommands: [OperatorCommand.self, AuditCommand.self]),
            CommandGroup(
                name: "Paths",
                subcommands: [ProbeCommand.self, SurveyCommand.self, RespondCommand.self, LabCommand.self]),
            CommandGroup(
                name: "Machine",
                subcommands: [
                    NcoCommand.self, AgentCommand.self, RunCommand.self, CheckCommand.self, RotateKeyCommand.self,
                ]),
            CommandGroup(
                name: "Other",
                subcommands: [
                    DemoCommand.self, SimulateCommand.self, CompletionCommand.self, ManualCommand.self,
                    VersionCommand.self,
                    NamesCommand.self,
                ]),
        ])
}

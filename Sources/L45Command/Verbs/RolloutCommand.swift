import ArgumentParser
import L45Model

struct RolloutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollout",
        abstract: "See and steer how an intent comes about.",
        discussion: """
              l45 rollout status dns --wait
              l45 rollout rotate dns --wait    the next edition of its dialects, now
              l45 rollout pause dns            no further step, and no rotation by its schedule
              l45 rollout undo dns             back to the edition before
              l45 rollout status dns --why     what holds it up, and what comes next
              l45 rollout retry dns            after a halt: go on, what was counted is forgiven
            """,
        subcommands: [Status.self, History.self, Pause.self, Resume.self, Undo.self, Retry.self, Rotate.self])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status", abstract: "Show each flow's phase, and which device it waits for.")

        @Argument(help: "The intent.", completion: Names.intents)
        var intent: String
        @Flag(name: [.short, .long], help: "Go on, and show what changes.")
        var watch = false
        @Flag(help: "Say why it is not done: which device, what it lacks, since when, and what comes next.")
        var why = false
        @OptionGroup var waiting: WaitOptions
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard !(why || waiting.wait) || output.output == .table else {
                throw ValidationError("--why and --wait speak in words; leave -o \(output.output) to the others.")
            }
            guard !why || !(watch || waiting.wait) else { throw ValidationError("--why answers at once.") }
            guard !(watch && waiting.wait) else { throw ValidationError("--watch never ends, --wait does: give one.") }
        }

        func run() async throws {
            let name = IntentName(intent)
            let console = Console.standard
            if waiting.wait {
                return try await Waiter(client: try server.client, console: console, timeout: waiting.timeout)
                    .wait(for: [.settled(name)])
            }
            if why { return try await Standing.explain(name, server) }
            // An intent that is not there has no rollouts either; this says so.
            let answer = try await server.ask(.get(ResourceQuery(.intents, names: [intent])))
            guard case .intents(let intents) = answer else { throw answer.unexpected }
            let query = APIRequest.get(ResourceQuery(.rollouts, intent: name))
            let format = output.output == .table ? .wide : output.output
            if watch { return try await Watcher(server: server, output: format).watch(query) }
            let listing = try await Listing.of(server.ask(query))
            if listing.isEmpty, !format.isForPrograms {
                console.complain("intent/\(name) has no flows: no device is in its scope")
            } else {
                try console.print(listing.text(format, now: .now(), console.palette(for: .out)))
            }
            guard format == .wide else { return }
            if let schedule = intents.first?.schedule { try console.print(schedule.sentence(name, now: .now())) }
        }
    }

    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "history",
            abstract: "List the texts and editions that an intent had: when, by whom, with what result; newest last.",
            discussion: """
                  l45 rollout history dns
                  l45 rollout history dns -o jsonpath='{[-2].source}'      the text before this one
                """)

        @Argument(help: "The intent, also one that was withdrawn.", completion: Names.intents)
        var intent: String
        @Option(help: ArgumentHelp("The latest so many, 1 to 1000.", valueName: "number"))
        var limit = 20
        @OptionGroup var output: OutputOptions
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard (1...HistoryRequest.limitMax).contains(limit) else {
                throw ValidationError("--limit is 1 to \(HistoryRequest.limitMax).")
            }
        }

        func run() async throws {
            let response = try await server.ask(.history(HistoryRequest(IntentName(intent), limit: limit)))
            guard case .history(let steps) = response else { throw response.unexpected }
            let console = Console.standard
            try console.print(
                output.output.document(steps, names: steps.map { "revision/\($0.revision)" })
                    ?? HistoryTable.table(steps, now: .now(), wide: output.output == .wide)
                    .text(console.palette(for: .out)))
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "pause",
            abstract: "Take no further step, nor rotate by schedule, until resumed; what runs, runs on.")
        @Argument(help: "The intent.", completion: Names.intents)
        var intent: String
        @OptionGroup var server: ServerOptions
        func run() async throws { _ = try await steer(.pause, intent, server) }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "resume", abstract: "Go on after a pause.")
        @OptionGroup var steering: SteeringOptions
        func run() async throws { try await steering.run(.resume) }
    }

    struct Undo: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "undo", abstract: "Go back to the edition before this one, at any phase.",
            discussion: """
                A schedule goes on from there, and the answer says when; a pause holds it.

                  l45 rollout undo dns --wait
                  l45 rollout pause dns
                """)
        @OptionGroup var steering: SteeringOptions
        func run() async throws { try await steering.run(.undo) }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "retry", abstract: "Go on after a halt, with all forgiven that the taps counted until now.")
        @OptionGroup var steering: SteeringOptions
        func run() async throws { try await steering.run(.retry) }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate", abstract: "Rotate the intent's dialects once, now.")
        @OptionGroup var steering: SteeringOptions
        func run() async throws { try await steering.run(.rotate) }
    }

    /// What every verb takes that sets a rollout in motion.
    struct SteeringOptions: ParsableArguments {
        @Argument(help: "The intent.", completion: Names.intents)
        var intent: String
        @OptionGroup var waiting: WaitOptions
        @OptionGroup var server: ServerOptions

        func run(_ verb: RolloutRequest.Verb) async throws {
            let name = try await steer(verb, intent, server)
            guard waiting.wait else { return }
            try await Waiter(client: try server.client, console: .standard, timeout: waiting.timeout)
                .wait(for: [.settled(name)])
        }
    }

    /// - Returns: the intent that was steered.
    private static func steer(
        _ verb: RolloutRequest.Verb, _ intent: String, _ server: ServerOptions
    ) async throws -> IntentName {
        let response = try await server.ask(.rollout(RolloutRequest(verb, IntentName(intent))))
        guard case .rollout(let result) = response else { throw response.unexpected }
        try Console.standard.print(RolloutText.text(result, now: .now()))
        return result.intent
    }
}

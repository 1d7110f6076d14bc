import ArgumentParser
import L45Model
import Simulation

struct SimulateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run rotations of a simulated fleet in virtual time, with everything failing that can.",
        discussion: """
            The reconciler, the planning, the agents and the dialect engine are the production ones; clocks, lines, \
            disks and deaths are the seed's. The same seed tells the same story, so a violation can be replayed.

              l45 simulate --seeds 1000              a thousand stories, and whether an invariant was ever broken
              l45 simulate --seed 42 --story         one of them, line by line
              l45 simulate --crash-points            a rotation, once for each instant at which a process can die

            Exit status: 0 every invariant held; 1 one was violated, and the first seed is named.
            """)

    @Option(help: "The first seed.") var seed: UInt64 = 1
    @Option(help: "How many seeds, from that one on.") var seeds: Int = 1
    @Option(help: "Devices that ask.") var clients: Int = 2
    @Option(help: "Devices that answer.") var servers: Int = 1
    @Option(help: "Rotations in each story.") var rotations: Int = 5
    @Option(help: "Intents, each rotated by itself.") var intents: Int = 1
    @Option(help: "Flows of datagrams in each intent.") var flows: Int = 1
    @Option(help: "Flows over TCP in each intent.") var streams: Int = 0
    @Flag(help: "The intents, 2 at least, belong to levels that are gone up and down.") var levels = false
    @Option(help: "What the world is like: none, usual, disasters.") var chaos: Weather = .usual
    @Flag(help: "Tell what happens, a line each: seconds of virtual time, and what.") var story = false
    @Flag(help: "Stop at the first story that violates an invariant.") var stop = false
    @Flag(help: "Tell one story without faults, then once for each effect of it with a death there.")
    var crashPoints = false

    enum Weather: String, ExpressibleByArgument, CaseIterable {
        case none, usual, disasters
        var chaos: SimulationSetup.Chaos {
            switch self {
            case .none: .none
            case .usual: .usual
            case .disasters: .disasters
            }
        }
    }

    func validate() throws {
        guard seeds >= 1, rotations >= 1, (1...1000).contains(clients), (1...1000).contains(servers) else {
            throw ValidationError("seeds and rotations are at least 1, clients and servers 1 to 1000")
        }
        guard !levels || intents >= 2 else { throw ValidationError("--levels takes --intents 2 or more") }
        guard (1...SimulationSetup.intentsMax).contains(intents), flows >= 0, streams >= 0,
            (1...SimulationSetup.flowsMax).contains(flows + streams)
        else {
            throw ValidationError(
                "there are 1 to \(SimulationSetup.intentsMax) intents, with 1 to \(SimulationSetup.flowsMax) flows each"
            )
        }
    }

    private func setup(_ seed: UInt64) -> SimulationSetup {
        var setup = SimulationSetup(
            seed: seed, clients: clients, servers: servers, rotations: rotations, chaos: chaos.chaos)
        setup.intents = intents
        setup.datagramFlows = flows
        setup.streamFlows = streams
        setup.levels = levels
        return setup
    }

    func run() throws {
        let console = Console.standard
        if crashPoints { return try exploreCrashPoints(console) }
        var total = SimulationReport(seed: seed)
        var failed: [UInt64] = []
        let start = ContinuousClock.now
        var told = 0
        for at in 0..<UInt64(seeds) where !stop || failed.isEmpty {
            let setup = setup(seed &+ at)
            told += 1
            let tell: ((String) -> Void)? = story ? { try? console.print($0) } : nil
            let report = try Simulation(setup, tell: tell).run()
            if !report.violations.isEmpty { failed.append(setup.seed) }
            total.add(report)
        }
        try console.print(SimulationText.text(total, stories: told, took: ContinuousClock.now - start))
        guard let first = failed.first else { return }
        console.complain(total.violations.joined(separator: "\n"))
        console.complain(
            "\(failed.count) of \(counted(told, "story", several: "stories")) violate\(failed.count == 1 ? "s" : "") an "
                + "invariant; see one: l45 simulate --seed \(first) "
                + "--clients \(clients) --servers \(servers) --rotations \(rotations) --intents \(intents) "
                + "--flows \(flows) --streams \(streams)\(levels ? " --levels" : "") --chaos \(chaos.rawValue) --story")
        throw CommandEnd.notMet()
    }

    private func exploreCrashPoints(_ console: Console) throws {
        var setup = setup(seed)
        setup.rotations = 1
        setup.chaos = .none
        let outcome = try CrashPoints.explore(setup)
        try console.print(
            """
            \(counted(outcome.points, "point")) between two effects, \
            \(counted(outcome.stories, "story", several: "stories")) with a death at one of them
              tables      \(outcome.decidedUndisturbed) decided without a death, at most \(outcome.decidedMost) with one; \
            \(outcome.sentUndisturbed) sent, at most \(outcome.sentMost)
              unfinished  \(outcome.unfinished)
              violations  \(outcome.violations.count)
            """)
        guard !outcome.violations.isEmpty || outcome.unfinished > 0 else { return }
        console.complain(outcome.violations.prefix(20).joined(separator: "\n"))
        throw CommandEnd.notMet()
    }
}

/// What is said of a run.
enum SimulationText {
    static func text(_ report: SimulationReport, stories: Int, took: Duration) -> String {
        let hours = Double(report.virtualTime.milliseconds) / 3_600_000
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        let rate = seconds > 0 ? Double(report.rotationsDone) / seconds : 0
        return """
            \(counted(stories, "story", several: "stories")), \(counted(report.rotationsDone, "rotation")), \
            \(tenths(hours)) hours of virtual time, \(counted(report.steps, "step")); \(tenths(rate)) rotations a second
              messages    \(report.delivered) delivered, \(report.deliveredTagged) of them in a dialect; \(report.lost) lost on \
            the wire
              streams     \(report.streams) opened, \(report.streamBytes) bytes delivered, \(report.streamBytesFramed) of \
            them in a dialect
              tables      \(report.decided) decided, \(report.sent) sent, \(report.published) put in force
              failures    \(counted(report.deaths, "death")), \(counted(report.reboots, "reboot")), \
            \(counted(report.cuts, "line")) cut, \(counted(report.disasters, "disaster")) \
            (\(counted(report.excused, "message")) excused)
              violations  \(report.violations.count)
            """
    }

    private static func tenths(_ value: Double) -> String {
        let scaled = Int((value * 10).rounded())
        return "\(scaled / 10).\(scaled % 10)"
    }
}

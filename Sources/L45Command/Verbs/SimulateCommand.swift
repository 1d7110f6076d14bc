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

            Exit status: 0 every invariant held; 1 one was violated, and the first seed is named.
            """)

    @Option(help: "The first seed.") var seed: UInt64 = 1
    @Option(help: "How many seeds, from that one on.") var seeds: Int = 1
    @Option(help: "Devices that ask.") var clients: Int = 2
    @Option(help: "Devices that answer.") var servers: Int = 1
    @Option(help: "Rotations in each story.") var rotations: Int = 5
    @Option(help: "What the world is like: none, usual, disasters.") var chaos: Weather = .usual
    @Flag(help: "Tell what happens, a line each: seconds of virtual time, and what.") var story = false

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
    }

    func run() throws {
        let console = Console.standard
        var total = SimulationReport(seed: seed)
        var failed: [UInt64] = []
        let start = ContinuousClock.now
        for at in 0..<UInt64(seeds) {
            let setup = SimulationSetup(
                seed: seed &+ at, clients: clients, servers: servers, rotations: rotations, chaos: chaos.chaos)
            let tell: ((String) -> Void)? = story ? { try? console.print($0) } : nil
            let report = try Simulation(setup, tell: tell).run()
            if !report.violations.isEmpty { failed.append(setup.seed) }
            total.add(report)
        }
        try console.print(SimulationText.text(total, stories: seeds, took: ContinuousClock.now - start))
        guard let first = failed.first else { return }
        console.complain(total.violations.joined(separator: "\n"))
        console.complain(
            "\(failed.count) of \(seeds) stories violate an invariant; see one: l45 simulate --seed \(first) "
                + "--clients \(clients) --servers \(servers) --rotations \(rotations) --chaos \(chaos.rawValue) --story"
        )
        throw ExitCode(1)
    }
}

/// What is said of a run.
enum SimulationText {
    static func text(_ report: SimulationReport, stories: Int, took: Duration) -> String {
        let hours = Double(report.virtualTime.milliseconds) / 3_600_000
        let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
        let rate = seconds > 0 ? Double(report.rotationsDone) / seconds : 0
        return """
            \(stories) stories, \(report.rotationsDone) rotations, \(tenths(hours)) hours of virtual time, \
            \(report.steps) steps; \(tenths(rate)) rotations a second
              messages    \(report.delivered) delivered, \(report.deliveredTagged) of them in a dialect; \(report.lost) lost on \
            the wire
              tables      \(report.decided) decided, \(report.published) put in force
              failures    \(report.deaths) deaths, \(report.reboots) reboots, \(report.cuts) lines cut, \(report.disasters) disasters \
            (\(report.excused) messages excused)
              violations  \(report.violations.count)
            """
    }

    private static func tenths(_ value: Double) -> String {
        let scaled = Int((value * 10).rounded())
        return "\(scaled / 10).\(scaled % 10)"
    }
}

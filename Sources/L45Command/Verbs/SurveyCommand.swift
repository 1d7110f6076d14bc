import ArgumentParser
import Dispatch
import Foundation
import HiccupsGuard
import L45Model
import Synchronization

/// `l45 survey`: what many paths do to handshake headers.
struct SurveyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "survey",
        abstract: "Find out what many paths do to handshake headers.",
        discussion: """
            Probes every host and port, some thousand at a time, and sums up what was found: outcomes, what arrives \
            unchanged by type, the changes, the exchanges that it took.

              l45 survey 192.0.2.0/24 198.51.100.7:8443 --ports 22,80,443 --results found.jsonl --plot found.svg

            Ctrl-C ends it in order, with the tables of what was found by then; --resume goes on with the file of results.

            Exit status: 0 every flow was probed; 1 it was stopped before; 2 bad input, or no privileges (CAP_NET_RAW, \
            CAP_NET_ADMIN).
            """)

    @Argument(
        help: ArgumentHelp(
            "HOST, HOST:PORTS, or a block of addresses, as 192.0.2.0/24 or [2001:db8::/120]:443.", valueName: "target"))
    var targets: [String] = []
    @Option(name: [.short, .long], help: ArgumentHelp("One target a line; '-' is standard input.", valueName: "path"))
    var file: [String] = []
    @Option(help: ArgumentHelp("Of targets that name none, as 22,80,8000-8010.", valueName: "list"))
    var ports = "443"
    @Flag(name: [.customLong("ipv6"), .customShort("6")], help: "Take the IPv6 address of names that have both.")
    var prefersIPv6 = false
    @Option(help: "How types are chosen: mixed or seed.")
    var strategy: Interrogation.Strategy = .mixed
    @Flag(
        help:
            "One exchange under each of the sixteen types in place of an interrogation, as the dissertation's survey did."
    )
    var eachType = false
    @Option(
        help: ArgumentHelp(
            "What SYNs ask for, as mss=1460,sackok,ts,wscale=7,ecn (see 'l45 probe --set-option'), or none; may be repeated.",
            valueName: "options"))
    var trial: [String] = []
    @Flag(help: "The eight trials of the dissertation's survey (its table 8.3).")
    var seedTrials = false
    @Option(help: ArgumentHelp("How long one SYN is waited for.", valueName: "span"))
    var timeout: Span = .seconds(1)
    @Option(help: ArgumentHelp("SYNs per second, over all targets.", valueName: "number"))
    var rate = 1000
    @Option(help: ArgumentHelp("Paths under way at a time.", valueName: "number"))
    var inFlight = 4096
    @Option(help: ArgumentHelp("16 bytes that the responders hold too: keyed integrity.", valueName: "file"))
    var key: String?
    @Option(help: ArgumentHelp("Each flow's result as a line of JSON.", valueName: "file"))
    var results: String?
    @Flag(help: "Go on with the results file: what it holds is not probed again, and counts.")
    var resume = false
    @Option(help: ArgumentHelp("The tables as CSV.", valueName: "file"))
    var csv: String?
    @Option(help: ArgumentHelp("The tables as a drawing, SVG.", valueName: "file"))
    var plot: String?

    func validate() throws {
        guard timeout > .zero, timeout.milliseconds <= 60_000 else {
            throw ValidationError("--timeout must lie between 1ms and 60s.")
        }
        guard (1...1_000_000).contains(rate) else { throw ValidationError("--rate must lie between 1 and 1000000.") }
        guard (1...65_536).contains(inFlight) else {
            throw ValidationError("--in-flight must lie between 1 and 65536.")
        }
        guard !resume || results != nil else { throw ValidationError("--resume needs --results FILE.") }
        guard !targets.isEmpty || !file.isEmpty else { throw ValidationError("Name targets, or a file of them by -f.") }
    }

    func run() async throws {
        let console = Console.standard
        let options = try options()
        let wanted = try wantedTargets(console)
        let stop = StopFlag()
        let ledger = SurveyLedger(trials: options.everyTrial, stop: stop)
        let (done, earlier) = try openResults(ledger, options.everyTrial)
        let jobs = wanted.jobs(trials: options.everyTrial.count) { !done.contains($0) }
        let total = wanted.count * options.everyTrial.count
        let interrupt = Interrupt(stop)
        let progress = Mutex(ProbeProgress(total: total - earlier, console: console))
        let begin = ContinuousClock.now
        do {
            try await PathProbe.survey(jobs, options, stop) { report in
                ledger.take(report)
                progress.withLock { $0.show(ledger.pace) }
            }
        } catch let error as ProbeError {
            throw CommandEnd.badInput("\(error)")
        }
        progress.withLock { $0.clear() }
        interrupt.end()
        let spent = ContinuousClock.now - begin
        if let failure = ledger.finish() { throw CommandEnd.badInput(failure) }
        try tell(ledger, spent, console)
        guard interrupt.hasCome else { return }
        let more = results.map { "; go on with --results \($0) --resume" } ?? ""
        console.complain("stopped after \(ledger.summary.flows) of \(total) flows\(more)")
        throw CommandEnd.notMet()
    }

    private func options() throws -> ProbeOptions {
        var options = ProbeOptions()
        options.strategy = strategy
        if eachType { options.covers = Coverage.allCases }
        options.timeout = .milliseconds(timeout.milliseconds)
        options.rate = rate
        options.inFlightMax = inFlight
        options.key = try key.map(PathKeyFile.read)
        if seedTrials { options.trials = ProbeTrial.seed }
        do {
            for text in trial {
                let trial = try ProbeTrial(parsing: text)
                if !options.trials.contains(trial) { options.trials.append(trial) }
            }
        } catch {
            throw CommandEnd.badInput("--trial: \(error)")
        }
        return options
    }

    private func wantedTargets(_ console: Console) throws -> TargetList {
        let list: [UInt16]
        do {
            list = try PortList.parse(ports)
        } catch {
            throw CommandEnd.badInput("--ports: \(error)")
        }
        var wanted = SurveyTargets(ports: list, prefersIPv6: prefersIPv6)
        for text in targets { try wanted.add(text) }
        for path in file { try wanted.add(file: path) }
        for reason in wanted.unresolvable.prefix(10) { console.complain(reason) }
        if wanted.unresolvable.count > 10 {
            console.complain("and \(wanted.unresolvable.count - 10) other names that cannot be resolved")
        }
        guard wanted.list.count > 0 else { throw CommandEnd.badInput("there is no target to survey") }
        return wanted.list
    }

    /// - Returns: what need not be probed again, and how many flows of this survey that is.
    private func openResults(
        _ ledger: SurveyLedger, _ trials: [ProbeTrial]
    ) throws -> (done: Set<ProbeJob>, earlier: Int) {
        guard let results else { return ([], 0) }
        var earlier: [SurveyRecord] = []
        let file = try ResultsFile.open(results, resumes: resume, earlier: &earlier)
        var done: Set<ProbeJob> = []
        let asked = trials.map(\.description)
        for record in earlier {
            guard let trial = asked.firstIndex(of: record.asked), let address = HostAddress(record.address) else {
                continue
            }
            done.insert(ProbeJob(target: ProbeTarget(address: address, port: record.port), trial: trial))
        }
        ledger.keep(in: file, earlier: earlier)
        return (done, done.count)
    }

    private func tell(_ ledger: SurveyLedger, _ spent: Duration, _ console: Console) throws {
        let summary = ledger.summary
        let pace = ledger.pace
        try console.print(SurveyText.text(summary, console.palette(for: .out)))
        let seconds = max(spent / .seconds(1), 0.001)
        console.complain(
            "\(pace.flows) flows, \(pace.syns) SYNs in \(seconds.formatted(.number.precision(.fractionLength(2)))) s: "
                + "\(Int(Double(pace.syns) / seconds)) SYNs/s")
        if let csv { try write(SurveyCSV.text(summary), csv) }
        if let plot { try write(SurveyPlot(summary: summary).svg, plot) }
    }

    private func write(_ text: String, _ path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw CommandEnd.badInput("cannot write '\(path)': \(error.localizedDescription)")
        }
    }
}

/// Ctrl-C and SIGTERM end a survey in order; the second one ends the program as ever.
///
/// Unchecked: sources of Dispatch may be used on any thread, and do not say so.
private final class Interrupt: @unchecked Sendable {
    private let seen = StopFlag()
    private let sources: [any DispatchSourceSignal]

    init(_ stop: StopFlag) {
        sources = [SIGINT, SIGTERM].map { [seen] number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                seen.set()
                stop.set()
                signal(number, SIG_DFL)
            }
            source.resume()
            return source
        }
    }

    var hasCome: Bool { seen.isSet }

    func end() { for source in sources { source.cancel() } }
}

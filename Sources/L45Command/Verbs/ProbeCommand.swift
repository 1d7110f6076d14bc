import ArgumentParser
import Foundation
import HiccupsGuard
import L45Model
import Synchronization

/// `l45 probe HOST:PORT`: what the path there does to handshake headers.
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Find out what paths do to handshake headers.",
        discussion: """
            Opens connections that carry HICCUPS integrity and are never completed, and says per direction which fields \
            arrive changed. Any host may be probed; one that takes no part is said to be not HICCUPS-capable.

              l45 probe 192.0.2.7:443 --ecn

            Exit status: 0 every target is HICCUPS-capable, changed or not; 1 one of them is not, or does not answer; \
            2 bad input, or no privileges (CAP_NET_RAW, CAP_NET_ADMIN).
            """)

    @Argument(help: ArgumentHelp("HOST:PORT; port 443 without one.", valueName: "host[:port]"))
    var targets: [String]
    @Option(help: "How types are chosen: mixed or seed.")
    var strategy: Interrogation.Strategy = .mixed
    @Option(help: ArgumentHelp("One exchange under this type in place of an interrogation.", valueName: "type"))
    var cover: [String] = []
    @Option(help: ArgumentHelp("How long one SYN is waited for.", valueName: "span"))
    var timeout: Span = .seconds(1)
    @Option(help: ArgumentHelp("SYNs per second, over all targets.", valueName: "number"))
    var rate = 1000
    @Option(help: ArgumentHelp("16 bytes that the responder holds too: keyed integrity.", valueName: "file"))
    var key: String?
    @Flag(help: "Ask for ECN, so that changes of it show.")
    var ecn = false
    @Option(
        help: ArgumentHelp(
            """
            TCP options of the SYN in place of the usual ones, in order: mss=N, wscale=N, sackok, ts, mptcp, tfo (a request for \
            a cookie), nop, KIND:HEX for any other, or none alone; separated by commas, or repeated.
            """, valueName: "options"))
    var setOption: [String] = []
    @Flag(
        name: .customLong("appsalt"),
        help: ArgumentHelp(
            """
            One exchange more, sealed by random application data that is sent behind its handshake: what recomputes \
            fragments on the way cannot recompute these. 'l45 respond --port' answers it.
            """))
    var appSalt = false
    @Flag(name: [.customLong("ipv6"), .customShort("6")], help: "Take the IPv6 address of names that have both.")
    var prefersIPv6 = false
    @Option(name: [.short, .long], help: "table or json.")
    var output: Format = .table

    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable { case table, json }

    func validate() throws {
        guard timeout > .zero, timeout.milliseconds <= 60_000 else {
            throw ValidationError("--timeout must lie between 1ms and 60s.")
        }
        guard (1...1_000_000).contains(rate) else { throw ValidationError("--rate must lie between 1 and 1000000.") }
    }

    func run() async throws {
        var options = ProbeOptions()
        options.strategy = strategy
        options.timeout = .milliseconds(timeout.milliseconds)
        options.rate = rate
        if !setOption.isEmpty {
            do {
                let trial = try ProbeTrial(parsing: setOption.joined(separator: ","))
                options.options = trial.options
                options.usesECN = trial.usesECN
            } catch {
                throw CommandEnd.badInput("--set-option: \(error)")
            }
        }
        if ecn { options.usesECN = true }
        options.usesAppSalt = appSalt
        options.key = try key.map(PathKeyFile.read)
        for name in cover {
            guard let type = Coverage(name: name) else {
                let known = Coverage.allCases.map(\.name).joined(separator: ", ")
                throw CommandEnd.badInput("--cover: no type '\(name)'; there are \(known)")
            }
            options.covers.append(type)
        }
        var wanted: [ProbeTarget] = []
        for text in targets {
            let withPort = text.hasSuffix("]") || !text.contains(":") ? text + ":443" : text
            guard let place = HostPort(argument: withPort), let port = UInt16(exactly: place.port), port > 0 else {
                throw CommandEnd.badInput("'\(text)' is no HOST:PORT; IPv6 addresses stand in brackets")
            }
            do {
                wanted.append(
                    ProbeTarget(address: try HostAddress.resolve(place.host, prefersIPv6: prefersIPv6), port: port))
            } catch {
                throw CommandEnd.badInput("\(error)")
            }
        }
        let reports: [ProbeReport]
        let console = Console.standard
        let progress = Mutex((line: ProbeProgress(total: wanted.count, console: console), pace: SurveyLedger.Pace()))
        defer { progress.withLock { $0.line.clear() } }
        do {
            reports = try await PathProbe.run(wanted, options) { report in
                progress.withLock { progress in
                    progress.pace.add(report)
                    progress.line.show(progress.pace)
                }
            }
            progress.withLock { $0.line.clear() }
        } catch let error as ProbeError {
            throw CommandEnd.badInput("\(error)")
        }
        switch output {
        case .table: try console.print(reports.map { ProbeText.text($0) }.joined(separator: "\n"))
        case .json: try console.print(Listing.json(reports.map(ProbeView.init)))
        }
        guard reports.allSatisfy({ $0.outcome == .capable }) else { throw CommandEnd.notMet() }
    }
}

extension Interrogation.Strategy: ExpressibleByArgument {}

/// A key of a path, from a file of 16 bytes.
enum PathKeyFile {
    static func read(_ path: String) throws -> PathKey {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandEnd.badInput("cannot read the key file '\(path)'")
        }
        guard let key = PathKey(Secret(Array(data))) else {
            throw CommandEnd.badInput("the key file '\(path)' has \(data.count) bytes, a path key has 16")
        }
        return key
    }
}

import Foundation
import HiccupsGuard

/// The far end with its responder and the box in between, on threads of their own; this process is the near end.
final class WireLab: Sendable {
    static let firstPort: UInt16 = 20_000
    /// Paths at a time, a port each.
    static let portCount = 200
    /// Rounds in a row have ports of their own: a packet that is late from one is never taken for one of the next.
    private static let turns = 4

    static func ports(_ round: Int) -> [UInt16] {
        let first = firstPort + UInt16(round % turns * portCount)
        return (0..<UInt16(portCount)).map { first + $0 }
    }

    let box: WireBox
    let truth = BoxTruth()
    private let stop = StopFlag()
    private let forwarding: Task<Void, any Error>
    private let answering: Task<Void, any Error>

    init(_ network: LabNetwork, impairment: Impairment = .none, key: PathKey? = nil, seed: UInt64) async throws {
        let box = try network.box.run {
            try WireBox(
                between: LabNetwork.inside, and: LabNetwork.outside, impairment: impairment, seed: seed)
        }
        self.box = box
        let (stop, truth, bothReady) = (stop, truth, [StopFlag(), StopFlag()])
        forwarding = Task {
            try await network.box.runBlocking {
                try box.run(stop, ready: { bothReady[0].set() }, saw: truth.take)
            }
        }
        answering = Task {
            try await network.far.runBlocking {
                let responder = try HiccupsResponder(ports: (0..<Self.turns).flatMap(Self.ports), key: key)
                bothReady[1].set()
                try responder.run(stop)
            }
        }
        let end = ContinuousClock.now + .seconds(10)
        while !bothReady.allSatisfy(\.isSet), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(5)) }
    }

    /// One probe of each path; truths are complete when it returns.
    func round(
        _ options: ProbeOptions, isIPv6: Bool, _ rules: [BoxRule]
    ) async throws -> [(report: ProbeReport, truth: BoxTruth.Path, rule: BoxRule)] {
        box.setRules(rules)
        _ = truth.drain()
        let address = try HostAddress.resolve(isIPv6 ? LabNetwork.farAddress6 : LabNetwork.farAddress)
        let targets = rules.compactMap(\.port).map { ProbeTarget(address: address, port: $0) }
        let reports = try await PathProbe.run(targets, options)
        let truths = truth.drain()
        let byPort = Dictionary(rules.map { ($0.port ?? 0, $0) }, uniquingKeysWith: { first, _ in first })
        return reports.compactMap { report in
            guard let rule = byPort[report.target.port] else { return nil }
            return (report, truths[report.target.port] ?? BoxTruth.Path(), rule)
        }
    }

    func end() async throws {
        stop.set()
        try await forwarding.value
        try await answering.value
    }
}

/// What went wrong, for whoever looks into it: standard error.
func note(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

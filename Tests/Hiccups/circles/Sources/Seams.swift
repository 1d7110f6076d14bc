import HiccupsGuard
import L45Model
import Synchronization

/// Looks with real probes, and offers what this circle's near end does; once with ECN and once without, as a mark shows only
/// on what was not ECT.
struct CircleProber: PathProber {
    let circle: Circle

    func look(at path: GuardedPath) async throws -> PathSight {
        var options = ProbeOptions()
        options.timeout = .milliseconds(500)
        options.options = [.maximumSegmentSize(1460), .sackPermitted, .timestamp(value: 1, echo: 0)]
        if circle.offersScaling { options.options.append(.windowScale(7)) }
        // With a key, as a SYN-ACK has it; with a cookie.
        options.options += [.multipath([0x01, 0x01, 1, 2, 3, 4, 5, 6, 7, 8]), .fastOpen(cookie: [1, 2, 3, 4])]
        let target = ProbeTarget(address: try HostAddress.resolve(LabNetwork.farAddress), port: Lab.probePort)
        var sights: [PathSight] = []
        for usesECN in [true, false] {
            options.usesECN = usesECN
            sights.append(PathSight(try await PathProbe.run(target, options).knowledge))
        }
        var changed: [PathExtension: Set<Direction>] = [:]
        var unknown: [PathExtension: Set<Direction>] = [:]
        for subject in PathExtension.allCases {
            for direction in Direction.allCases {
                if sights.contains(where: { $0[subject, direction].isChanged }) {
                    changed[subject, default: []].insert(direction)
                } else if sights.contains(where: { $0[subject, direction].isUnknown }) {
                    unknown[subject, default: []].insert(direction)
                }
            }
        }
        return PathSight(isCapable: sights.allSatisfy(\.isCapable), changed: changed, unknown: unknown)
    }
}

/// Measures by the circle's own transfer.
struct CircleMeter: PathMeter {
    let lab: Lab

    func rate(of path: GuardedPath) async -> Double? { try? await lab.measure(LabNetwork.farAddress) }
}

/// The far device, whose agent is this process too.
struct CircleFar: FarGates {
    let keeper: GateKeeper
    let clock: TestClock

    func set(_ gates: [PathGate], for path: GuardedPath) async throws {
        guard let near = AddressBlock(LabNetwork.nearAddress) else { return }
        let now = clock.now
        try keeper.apply(gates.map { HeldGate($0, for: near, until: now + .seconds(900)) }, now: now)
    }
}

/// The wall clock, and what the test has skipped: looks are due when it says so.
final class TestClock: Sendable {
    private let skipped = Mutex<Int64>(0)

    var now: Timestamp { Timestamp.now() + .milliseconds(skipped.withLock { $0 }) }

    func skip(to time: Timestamp) {
        let left = (time - now).milliseconds
        if left > 0 { skipped.withLock { $0 += left } }
    }
}

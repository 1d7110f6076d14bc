package import L45Model
import Reconciler

/// All that one look of the monitor may know.
package struct MonitorSight: Sendable {
    package var fleet: FleetState
    package var intents: Set<IntentName>
    package var misfits: [IntentName: String]
    package var paths: PathFleet
    package var trusts: PathTrustBook
    /// Devices are asked to report as often as this.
    package var reportEvery: Span

    package init(
        fleet: FleetState, intents: Set<IntentName> = [], misfits: [IntentName: String] = [:],
        paths: PathFleet = PathFleet(), trusts: PathTrustBook = PathTrustBook(), reportEvery: Span = .seconds(10)
    ) {
        self.fleet = fleet
        self.intents = intents
        self.misfits = misfits
        self.paths = paths
        self.trusts = trusts
        self.reportEvery = reportEvery
    }
}

/// The orchestrator's monitor function (seed 2.1.2, Algorithms 1 and 3): holds what devices report against what was decided, and
/// the two ends of each flow against each other. Pure: reports and time come in, findings go out.
///
/// Each look says everything that is wrong now, so that an alert lasts as long as its cause. Modules under test are left out: they
/// customize nothing, and what they count is theirs.
package struct FleetMonitor: Sendable {
    package var bounds: MonitorBounds
    var watches: [DeviceID: DeviceWatch] = [:]
    var traffic: [FlowWay: TrafficWatch] = [:]
    /// When something was first seen that counts only if it lasts.
    var begun: [AlertKey: Timestamp] = [:]
    /// Of the last look.
    private(set) var present: Set<AlertKey> = []
    private(set) var isBraked = false

    package init(bounds: MonitorBounds = MonitorBounds()) { self.bounds = bounds }

    /// Everything that is wrong now.
    package mutating func look(_ sight: MonitorSight, now: Timestamp) -> [AlertFinding] {
        isBraked = Brake(sight.fleet.devices.values, policy: sight.fleet.policy).on
        watches = watches.filter { sight.fleet.devices[$0.key] != nil }
        var lasting = Lasting(begun: begun, now: now, bound: bounds.lastsFor)
        var findings = silence(sight, now)
        findings += standings(sight)
        findings += reported(sight, now)
        findings += staleEpochs(sight, now)
        problems(sight, &lasting)
        strays(sight, &lasting)
        findings += flows(sight, now, &lasting)
        findings += lasting.findings
        begun = lasting.kept
        present = Set(findings.map(\.key))
        return findings
    }

    /// Why an alert that the last look did not find any more is over; nil: that is not known.
    package func whyOver(_ alert: Alert, _ sight: MonitorSight, now: Timestamp) -> String? {
        guard !present.contains(alert.key) else { return nil }
        if let device = alert.subject.device {
            guard let snapshot = sight.fleet.devices[device] else { return "the device was forgotten" }
            switch alert.kind {
            case .agentSilent: return snapshot.isFresh ? "it reports again" : nil
            case .pathTampered: return "both ends agree again, or the path is guarded no more"
            case .tagForged, .tagMissing, .epochStale:
                guard snapshot.isFresh, now - alert.lastSeen >= bounds.quietFor else { return nil }
                return "none came for \(bounds.quietFor)"
            default:
                // What its tap does is known only when it has said so.
                guard snapshot.isFresh, watches[device] != nil else { return nil }
                return "its tap reports what is expected"
            }
        }
        if let flow = alert.subject.flow {
            switch alert.kind {
            case .flowOneSided, .messagesNobodySent:
                guard sight.fleet.statuses[flow] != nil else { return "the flow was withdrawn" }
                let ways = traffic.filter { $0.key.flow == flow }.values
                // Right after a start nothing is known of a flow before it was watched for as long as it takes to find out.
                let isKnown =
                    !ways.isEmpty
                    && ways.allSatisfy { now - $0.began >= .milliseconds(2 * bounds.lastsFor.milliseconds) }
                return isKnown ? "both ends count messages, or none is sent any more" : nil
            default: return "the rollout goes on"
            }
        }
        switch alert.kind {
        case .fleetSilent: return isBraked ? nil : "most of the fleet is back"
        case .intentMisfit: return "the intent fits again, or was withdrawn"
        default: return "not found any more"
        }
    }
}

/// What counts only once it has lasted.
struct Lasting {
    let begun: [AlertKey: Timestamp]
    let now: Timestamp
    let bound: Span
    private(set) var kept: [AlertKey: Timestamp] = [:]
    private(set) var findings: [AlertFinding] = []

    init(begun: [AlertKey: Timestamp], now: Timestamp, bound: Span) {
        self.begun = begun
        self.now = now
        self.bound = bound
    }

    mutating func add(_ finding: AlertFinding) {
        // A clock that was set back begins anew.
        let since = begun[finding.key].flatMap { $0 <= now ? $0 : nil } ?? now
        kept[finding.key] = since
        if now - since >= bound { findings.append(finding) }
    }
}

extension DeviceSnapshot {
    var name: String { device.facts.name.isEmpty ? "\(device.id)" : device.facts.name }
}

import L45Model
import Reconciler

/// One way of a flow: who sends it, who receives it.
struct FlowWay: Hashable, Sendable {
    let flow: FlowName
    /// From the end that opens to the one that answers.
    let isRequest: Bool
}

/// What both ends of one way counted, and since when one counts alone.
struct TrafficWatch: Sendable {
    /// The modules that are counted: other ones begin anew.
    let modules: Set<ModuleID>
    let began: Timestamp
    private var sent: UInt64
    private var received: UInt64
    /// When the last was counted at either end.
    private var sentAt: Timestamp
    private var receivedAt: Timestamp
    /// Counts of the one end when the other was last seen to count.
    private var sentBase: UInt64
    private var receivedBase: UInt64
    private var sendingAlone: Timestamp?
    private var receivingAlone: Timestamp?

    init(modules: Set<ModuleID>, sent: UInt64, received: UInt64, now: Timestamp) {
        self.modules = modules
        began = now
        (self.sent, self.received, sentBase, receivedBase) = (sent, received, sent, received)
        (sentAt, receivedAt) = (now, now)
    }

    mutating func count(sent: UInt64, received: UInt64, now: Timestamp) {
        let sends = sent > self.sent
        let receives = received > self.received
        if sends { sentAt = now }
        if receives { receivedAt = now }
        // A tap that begins to count anew.
        if sent < self.sent { sentBase = sent }
        if received < self.received { receivedBase = received }
        (self.sent, self.received) = (sent, received)
        if receives {
            sentBase = sent
            sendingAlone = nil
        }
        if sends {
            receivedBase = received
            receivingAlone = nil
        }
        if sends, !receives, sendingAlone == nil { sendingAlone = now }
        if receives, !sends, receivingAlone == nil { receivingAlone = now }
    }

    struct Alone: Hashable, Sendable {
        var count: UInt64
        var since: Timestamp
    }

    /// Messages that one end sends while the other receives none.
    func unreceived(_ bounds: MonitorBounds, now: Timestamp) -> Alone? {
        Self.alone(sent - min(sent, sentBase), sendingAlone, sentAt, bounds, now)
    }

    /// Messages that one end receives while the other sends none.
    func unsent(_ bounds: MonitorBounds, now: Timestamp) -> Alone? {
        Self.alone(received - min(received, receivedBase), receivingAlone, receivedAt, bounds, now)
    }

    private static func alone(
        _ count: UInt64, _ since: Timestamp?, _ last: Timestamp, _ bounds: MonitorBounds, _ now: Timestamp
    ) -> Alone? {
        guard let since, count >= bounds.messagesMin, now - since >= bounds.lastsFor, now - last < bounds.quietFor
        else { return nil }
        return Alone(count: count, since: since)
    }
}

// Both ends of each flow, held against each other.
extension FleetMonitor {
    /// The modules of one end of one way, in the edition in force.
    private struct End {
        var devices: [DeviceSnapshot] = []
        var modules: [ModuleID] = []
        var count: UInt64 = 0
        /// All of them were heard over their present connection.
        var isHeard = true
        /// Some tap reports the module in the state that this end needs.
        var isThere = false
        /// The latest filled-in tap_socket.
        var example: String?
    }

    private struct Way {
        var epoch: Epoch
        var senders = End()
        var receivers = End()
    }

    mutating func flows(_ sight: MonitorSight, _ now: Timestamp, _ lasting: inout Lasting) -> [AlertFinding] {
        let ways = Self.ways(sight.fleet)
        traffic = traffic.filter { ways[$0.key] != nil }
        var findings: [AlertFinding] = []
        for (name, way) in ways where !way.senders.modules.isEmpty && !way.receivers.modules.isEmpty {
            if way.senders.isThere, way.receivers.isHeard, !way.receivers.isThere {
                lasting.add(
                    AlertFinding(
                        .flowOneSided, .flow(name.flow), .warning,
                        expected: "edition \(way.epoch) of \(name.flow) is understood at \(Self.names(way.receivers))",
                        seen: "\(Self.names(way.senders)) may send it, and no tap there has it"))
                continue
            }
            let modules = Set(way.senders.modules + way.receivers.modules)
            var watch = traffic[name]
            if watch?.modules != modules { watch = nil }
            var counted =
                watch
                ?? TrafficWatch(
                    modules: modules, sent: way.senders.count, received: way.receivers.count, now: now)
            counted.count(sent: way.senders.count, received: way.receivers.count, now: now)
            traffic[name] = counted
            // Whoever is not heard may count what is missing.
            if way.receivers.isHeard, let alone = counted.unreceived(bounds, now: now) {
                let example = way.senders.example.map { ", lately \($0)" } ?? ""
                findings.append(
                    AlertFinding(
                        .flowOneSided, .flow(name.flow), .warning,
                        expected: "what is sent in edition \(way.epoch) of \(name.flow) arrives at "
                            + Self.names(way.receivers),
                        seen: "\(Self.names(way.senders)) sent \(alone.count) messages since \(alone.since.rfc3339)"
                            + "\(example); none was received in the dialect"))
            }
            if way.senders.isHeard, let alone = counted.unsent(bounds, now: now) {
                findings.append(
                    AlertFinding(
                        .messagesNobodySent, .flow(name.flow), .critical,
                        expected: "messages in edition \(way.epoch) of \(name.flow) are sent by "
                            + Self.names(way.senders),
                        seen: "\(Self.names(way.receivers)) received \(alone.count) since \(alone.since.rfc3339), and "
                            + "none of them sent any"))
            }
        }
        return findings
    }

    /// Flows in force: outside rotations, with both ends planned. Modules under test and those that only watch are none.
    private static func ways(_ fleet: FleetState) -> [FlowWay: Way] {
        var ways: [FlowWay: Way] = [:]
        let settled = fleet.statuses.filter { $0.value.phase == .settled && $0.value.rest != .standby }
        guard !settled.isEmpty else { return [:] }
        for device in fleet.devices.values {
            for (at, entry) in (device.table?.modules ?? []).enumerated() {
                let plan = entry.plan
                guard let epoch = settled[plan.flow]?.epoch, plan.epoch == epoch, !plan.underTest,
                    plan.dialect != .monitor
                else { continue }
                let report = device.report.flatMap { report in
                    at < report.modules.count && report.modules[at].id == plan.id
                        ? report.modules[at] : report.module(plan.id)
                }
                for isRequest in [true, false] {
                    guard isRequest ? plan.directions.request : plan.directions.response else { continue }
                    let way = FlowWay(flow: plan.flow, isRequest: isRequest)
                    var both = ways[way] ?? Way(epoch: epoch)
                    if (plan.role == .client) == isRequest {
                        add(device, plan.id, report, sends: true, to: &both.senders)
                    } else {
                        add(device, plan.id, report, sends: false, to: &both.receivers)
                    }
                    ways[way] = both
                }
            }
        }
        return ways
    }

    private static func add(
        _ device: DeviceSnapshot, _ module: ModuleID, _ report: ModuleReport?, sends: Bool, to end: inout End
    ) {
        end.devices.append(device)
        end.modules.append(module)
        end.isHeard = end.isHeard && device.isFresh
        guard let report else { return }
        end.count &+= sends ? report.statistics.messagesSent : report.statistics.messagesReceived
        if device.isFresh {
            end.isThere = end.isThere || (sends ? report.state == .active : report.state != .deactivated)
        }
        if end.example == nil { end.example = report.filledIn.first }
    }

    private static func names(_ end: End) -> String {
        let names = end.devices.map(\.name).sorted()
        let shown = names.prefix(3).joined(separator: ", ")
        return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
    }
}

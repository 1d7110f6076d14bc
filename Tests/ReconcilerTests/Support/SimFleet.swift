import L45Model
import Reconciler

/// A fleet, its orchestrator and its wires, one tick a second. The reconciler is the real one; all else is simulated.
///
/// Traffic runs all the time, between every client and server that ever belonged to a flow, and every message is judged
/// when it arrives. `violations` is the verdict.
final class SimFleet {
    var random: SeededRandom
    private(set) var tick = 0
    var devices: [DeviceID: SimDevice] = [:]
    var store = SimStore()
    var session = SimSession()
    var policy = RolloutPolicy(drainBound: .seconds(8), resendAfter: .seconds(4))
    /// Milliseconds by which the orchestrator's clock is off.
    var clockOff: Int64 = 0

    /// What the plans are made from now, and every pair that ever talked.
    private(set) var flows: [SimFlow] = []
    private var talking: [FlowName: SimFlow] = [:]
    private var messages: [SimMessage] = []
    private var streams: [SimStream] = []
    private var toDevices: [(at: Int, device: DeviceID, connection: Int, table: DeviceTable, digest: Digest)] = []
    private var toOrchestrator: [(at: Int, device: DeviceID, connection: Int, content: Upward)] = []
    private enum Upward { case report(DeviceReport), refused(DeviceSnapshot.Refusal) }

    var orchestratorBackAt: Int?
    /// It does not come back by itself.
    var orchestratorStaysDead = false
    /// The orchestrator dies after so many more actions; nil: it does not.
    var actionsToLive: Int?
    /// Most ticks that a command or a report is under way, and a message.
    var controlDelayMax = 1
    var flightMax = 5
    /// An inventory that was restored makes wire losses and refusals possible; convergence still holds.
    var lenient = false
    var labels: [DeviceID: [String: String]] = [:]
    /// What the taps have counted against an edition, besides what they really see.
    var faults: [DeviceID: [Epoch: ModuleStatistics]] = [:]

    private(set) var violations: [String] = []
    private(set) var lastActions: [Action] = []
    private(set) var events: [Event] = []
    private(set) var delivered = 0
    private(set) var taggedDelivered = 0
    private(set) var decides = 0
    private(set) var trail: [String] = []

    init(devices count: Int, seed: UInt64 = 1) {
        random = SeededRandom(seed: seed)
        for number in 1...count { add(number) }
    }

    /// The same moment again, to go on another way from.
    func fork(seed: UInt64) -> SimFleet {
        let fork = SimFleet(devices: 1, seed: seed)
        fork.tick = tick
        fork.devices = devices
        fork.store = store
        fork.session = session
        fork.policy = policy
        fork.clockOff = clockOff
        fork.flows = flows
        fork.talking = talking
        fork.messages = messages
        fork.streams = streams
        fork.toDevices = toDevices
        fork.toOrchestrator = toOrchestrator
        fork.orchestratorBackAt = orchestratorBackAt
        fork.controlDelayMax = controlDelayMax
        fork.flightMax = flightMax
        fork.labels = labels
        fork.faults = faults
        fork.violations = violations
        fork.trail = trail
        return fork
    }

    var now: Timestamp { Timestamp(1_750_000_000_000 + Int64(tick) * 1000 + clockOff) }
    private var trueTime: Timestamp { Timestamp(1_750_000_000_000 + Int64(tick) * 1000) }
    var ids: [DeviceID] { devices.keys.sorted() }

    /// A machine that is switched off, and out of the fleet for good.
    func retire(_ id: DeviceID) {
        messages.removeAll { $0.from == id || $0.to == id }
        streams.removeAll { $0.client == id || $0.server == id }
        devices[id] = nil
        store.tables[id] = nil
        store.digests[id] = nil
        store.reports[id] = nil
        session.links[id] = nil
    }

    func add(_ number: Int) {
        let id = SimDevice.id(number)
        devices[id] = SimDevice(id: id)
        session.links[id] = .away(since: now)
    }

    func want(_ flows: [SimFlow]) {
        let before = self.flows
        self.flows = flows
        store.plans = SimFlow.plans(flows)
        for flow in flows {
            var union = talking[flow.name] ?? flow
            let joined = before.first { $0.name == flow.name }.map { flow.members.subtracting($0.members) } ?? []
            union.clients = Set(union.clients).union(flow.clients).sorted()
            union.servers = Set(union.servers).union(flow.servers).sorted()
            talking[flow.name] = union
            for device in joined where talking[flow.name]?.enforces == true { devices[device]?.joining = true }
            for client in flow.clients {
                for server in flow.servers
                where client != server && !streams.contains(where: { $0.joins(flow.name, client, server) }) {
                    streams.append(SimStream(flow: flow.name, client: client, server: server, opened: tick))
                }
            }
        }
    }

    // MARK: Faults

    func killAgent(_ id: DeviceID, for ticks: Int = 3) { lose(id) { $0.agentDies(until: tick + ticks) } }
    func reboot(_ id: DeviceID, for ticks: Int = 3) {
        lose(id) { $0.reboots(until: tick + ticks) }
        reopenStreams(of: id)
    }
    func cut(_ id: DeviceID, for ticks: Int = 3) {
        lose(id) {
            $0.lineLost()
            $0.lineBackAt = tick + ticks
        }
    }
    /// The agent dies when the ledger has the table and the tap has not.
    func killAgentBetweenLedgerAndTap(_ id: DeviceID, for ticks: Int = 3) {
        lose(id) {
            if let applying = $0.applying { $0.ledger = applying.table }
            $0.agentDies(until: tick + ticks)
        }
    }
    /// Somebody takes a module off by hand.
    func removeModule(_ id: DeviceID) {
        guard var device = devices[id], let tap = device.tap, !tap.entries.isEmpty else { return }
        device.tap?.entries.remove(at: Int.random(in: 0..<tap.entries.count, using: &random))
        device.bereft = true
        devices[id] = device
    }
    func killOrchestrator(for ticks: Int = 3) {
        orchestratorBackAt = orchestratorStaysDead ? .max : tick + ticks
        session = SimSession()
        for id in ids {
            devices[id]?.lineLost()
            session.links[id] = .away(since: now)
        }
    }

    /// Connections of a device that lost its modules break.
    private func reopenStreams(of id: DeviceID) {
        for at in streams.indices where streams[at].client == id || streams[at].server == id {
            streams[at].reopen(tick)
        }
    }

    private func lose(_ id: DeviceID, _ fault: (inout SimDevice) -> Void) {
        guard var device = devices[id] else { return }
        let was = device.connected
        fault(&device)
        devices[id] = device
        if was, orchestratorBackAt == nil { forget(id) }
    }

    private func forget(_ id: DeviceID) {
        session.links[id] = .away(since: now)
        session.sentAt[id] = nil
        session.refusals[id] = nil
        session.heardAt[id] = nil
    }

    // MARK: Time

    func run(_ ticks: Int) { for _ in 0..<ticks { step() } }

    /// Devices that send this edition, by their taps, in the order of their numbers.
    func speakers(_ epoch: UInt32, _ role: ModulePlan.Role) -> [DeviceID] {
        ids.filter { id in
            devices[id]?.entries.contains {
                $0.plan.epoch == Epoch(epoch) && $0.plan.role == role && $0.state == .active
            } ?? false
        }
    }

    /// - Returns: whether it came true within so many ticks.
    func run(until done: () -> Bool, within ticks: Int = 150) -> Bool {
        for _ in 0..<ticks where !done() { step() }
        return done()
    }

    /// What the operator asks for after a halt.
    func retry(_ intent: IntentName) {
        for status in Reconciler.retry(intent, snapshot(), now: now) { store.statuses[status.flow] = status }
    }

    func step() {
        tick += 1
        recover()
        carryControl()
        orchestrate()
        talk()
        judge()
    }

    private func recover() {
        if orchestratorBackAt.map({ $0 <= tick }) ?? false { orchestratorBackAt = nil }
        for id in ids {
            guard var device = devices[id] else { continue }
            if device.agentBackAt.map({ $0 <= tick }) ?? false { device.agentBackAt = nil }
            if device.lineBackAt.map({ $0 <= tick }) ?? false { device.lineBackAt = nil }
            if !device.connected, device.agentBackAt == nil, device.lineBackAt == nil, orchestratorBackAt == nil {
                device.connected = true
                device.connection += 1
                device.reportDue = true
                session.links[id] = .connected(since: now, reported: false)
                session.ledgers[id] = device.ledger?.generation ?? Generation.none
                session.sentAt[id] = nil
                session.refusals[id] = nil
            }
            devices[id] = device
        }
    }

    private func delay() -> Int { Int.random(in: 1...max(1, controlDelayMax), using: &random) }

    private func carryControl() {
        for command in toDevices where command.at <= tick {
            guard var device = devices[command.device], device.connected, device.connection == command.connection else {
                continue
            }
            device.applying = SimDevice.Applying(table: command.table, digest: command.digest, at: tick + delay() - 1)
            devices[command.device] = device
        }
        toDevices.removeAll { $0.at <= tick }
        for id in ids {
            guard var device = devices[id] else { continue }
            if let applying = device.applying, applying.at <= tick {
                device.applying = nil
                apply(applying, to: &device)
            }
            if device.connected, device.reportDue || (tick + id.rawValue.utf8.count) % 2 == 0 {
                device.reportDue = false
                send(
                    .report(
                        device.report(at: trueTime, now: tick) { entry in
                            streams.filter { $0.uses(entry, at: device) }.count
                        }),
                    device)
            }
            devices[id] = device
        }
        for note in toOrchestrator where note.at <= tick {
            guard orchestratorBackAt == nil, let device = devices[note.device], device.connected,
                device.connection == note.connection
            else { continue }
            switch note.content {
            case .report(let report):
                store.reports[note.device] = counting(report)
                session.heardAt[note.device] = now
                if case .connected(let since, _) = session.links[note.device] {
                    session.links[note.device] = .connected(since: since, reported: true)
                }
            case .refused(let refusal): session.refusals[note.device] = refusal
            }
        }
        toOrchestrator.removeAll { $0.at <= tick }
    }

    private func counting(_ report: DeviceReport) -> DeviceReport {
        guard let faults = faults[report.device] else { return report }
        let modules = devices[report.device]?.entries.map(\.plan) ?? []
        var counting = report
        for at in counting.modules.indices {
            let epoch = modules.first { $0.id == counting.modules[at].id }?.epoch
            if let epoch, let counts = faults[epoch] { counting.modules[at].statistics = counts }
        }
        return counting
    }

    private func send(_ content: Upward, _ device: SimDevice) {
        // One line: nothing overtakes.
        let last = toOrchestrator.last { $0.device == device.id && $0.connection == device.connection }?.at ?? 0
        toOrchestrator.append((max(last, tick + delay()), device.id, device.connection, content))
    }

    private func apply(_ applying: SimDevice.Applying, to device: inout SimDevice) {
        let before = device
        let table = applying.table
        switch device.take(table, digest: applying.digest, at: tick) {
        case .refused(let reason):
            if !lenient { violate("\(device.id) refused generation \(table.generation): \(reason)") }
            send(.refused(DeviceSnapshot.Refusal(generation: table.generation, reason: reason)), device)
        case .applied:
            device.reportDue = true
            if before.bereft { reopenStreams(of: device.id) }
            if let old = before.tap, old.generation > table.generation {
                violate("\(device.id) went from generation \(old.generation) back to \(table.generation)")
            }
            check(device, before)
        }
    }

    // MARK: The orchestrator's shell

    func snapshot() -> FleetSnapshot {
        var snapshots: [DeviceID: DeviceSnapshot] = [:]
        for id in ids {
            snapshots[id] = DeviceSnapshot(
                device: Device(
                    id: id,
                    facts: DeviceFacts(
                        name: id.rawValue, labels: labels[id] ?? [:],
                        addresses: SimDevice.address(id).map { [$0] } ?? [])),
                plan: store.plans[id],
                table: store.tables[id], report: store.reports[id], link: session.links[id] ?? .away(since: now),
                sentAt: session.sentAt[id], tableDigest: store.digests[id],
                ledgerGeneration: session.ledgers[id] ?? Generation.none, refusal: session.refusals[id],
                heardAt: session.heardAt[id])
        }
        return FleetSnapshot(
            devices: snapshots, paused: store.paused, statuses: store.statuses, policy: policy,
            strategies: store.strategies, resting: store.resting)
    }

    private func orchestrate() {
        lastActions = []
        guard orchestratorBackAt == nil else { return }
        lastActions = Reconciler.step(snapshot(), now: now)
        for action in lastActions {
            if let left = actionsToLive {
                if left == 0 {
                    actionsToLive = nil
                    return killOrchestrator()
                }
                actionsToLive = left - 1
            }
            perform(action)
        }
    }

    private func perform(_ action: Action) {
        switch action {
        case .decide(let table):
            if let old = store.tables[table.device], old.generation >= table.generation {
                violate("\(table.device) was decided \(table.generation) after \(old.generation)")
            }
            let rules = table.modules.reduce(0) { $0 + $1.plan.tapSocket.rules }
            if rules > policy.rulesMax {
                violate("\(table.device) was told \(rules) rules, its tap holds \(policy.rulesMax)")
            }
            decides += 1
            store.tables[table.device] = table
            store.digests[table.device] = try? table.contentDigest()
            session.sentAt[table.device] = nil
        case .send(let id, let generation):
            guard let table = store.tables[id], table.generation == generation, let digest = store.digests[id] else {
                return violate("\(id) is to be sent \(generation), which is not the last decided")
            }
            guard let device = devices[id], device.connected else { return violate("\(id) is away and was sent to") }
            let last = toDevices.last { $0.device == id && $0.connection == device.connection }?.at ?? 0
            toDevices.append((max(last, tick + delay()), id, device.connection, table, digest))
            session.sentAt[id] = now
        case .status(let status):
            if store.statuses[status.flow] == status { violate("\(status.flow) has the same standing twice") }
            store.statuses[status.flow] = status
            trail.append("\(tick) \(status.flow) \(status.phase.rawValue) \(status.epoch?.description ?? "-")")
        case .forget(let flow): store.statuses[flow] = nil
        case .note(let event): events.append(event)
        }
    }

    // MARK: Traffic

    private func talk() {
        for flow in talking.values.sorted(by: { $0.name < $1.name }) {
            for client in flow.clients {
                for server in flow.servers where client != server {
                    emit(flow.name, client, .client, server)
                    emit(flow.name, server, .server, client)
                }
            }
        }
        for at in streams.indices { carry(at) }
    }

    private func carry(_ at: Int) {
        if !streams[at].isNew, random.once(in: 20) { streams[at].reopen(tick) }
        let stream = streams[at]
        guard let client = devices[stream.client], let server = devices[stream.server] else { return }
        if stream.isNew || (stream.request != nil && random.once(in: 4)) {
            streams[at].request = client.speaks(stream.flow, .client, to: stream.server)
        }
        if stream.isNew || (stream.response != nil && random.once(in: 4)) {
            streams[at].response = server.speaks(stream.flow, .server, to: stream.client)
        }
        streams[at].isNew = false
        let goesOn = !stream.isNew
        post(
            stream.flow, client, server, .server, streams[at].request, opened: stream.opened, flight: 1, goesOn: goesOn)
        post(
            stream.flow, server, client, .client, streams[at].response, opened: stream.opened, flight: 1, goesOn: goesOn
        )
    }

    private func emit(_ flow: FlowName, _ from: DeviceID, _ role: ModulePlan.Role, _ to: DeviceID) {
        guard let sender = devices[from], let receiver = devices[to] else { return }
        let plan = sender.speaks(flow, role, to: to)
        // Old sockets and new ones, by turns.
        let opened = random.once(in: 2) ? 0 : tick
        post(
            flow, sender, receiver, role == .client ? .server : .client, plan, opened: opened,
            flight: Int.random(in: 1...flightMax, using: &random), goesOn: false)
    }

    private func post(
        _ flow: FlowName, _ sender: SimDevice, _ receiver: SimDevice, _ role: ModulePlan.Role, _ plan: ModulePlan?,
        opened: Int, flight: Int, goesOn: Bool
    ) {
        if let plan { devices[sender.id]?.sentAt[plan.id] = tick }
        messages.append(
            SimMessage(
                flow: flow, from: sender.id, to: receiver.id, role: role,
                wire: plan.map { SimMessage.Wire(epoch: $0.epoch, secret: $0.dialectSecret) }, sent: tick,
                arrives: tick + flight, opened: opened, goesOn: goesOn, senderBereft: sender.bereft,
                senderJoining: sender.joining))
    }

    private func judge() {
        for message in messages where message.arrives <= tick {
            guard let receiver = devices[message.to] else { continue }
            switch receiver.hears(message) {
            case .understood(let module):
                delivered += 1
                if let module {
                    taggedDelivered += 1
                    devices[message.to]?.receivedAt[module] = tick
                }
            case .droppedAsPlain, .garbled:
                if excused(message, receiver) { continue }
                let edition = message.wire.map { "edition \($0.epoch)" } ?? "plain"
                violate(
                    "\(message.flow): \(edition) from \(message.from) sent at \(message.sent) lost at \(message.to)")
            }
        }
        messages.removeAll { $0.arrives <= tick }
    }

    /// Losses that no order of steps can prevent: at a device that lost its modules, by one, and at the edge of a flow whose
    /// sockets name no peers.
    private func excused(_ message: SimMessage, _ receiver: SimDevice) -> Bool {
        if lenient || receiver.bereft || message.sent <= receiver.repairedAt || message.senderBereft { return true }
        guard let wire = message.wire else {
            let sender = devices[message.from]
            return message.senderJoining || !(sender?.entries.contains { $0.plan.flow == message.flow } ?? false)
        }
        guard talking[message.flow]?.namesPeers == false else { return false }
        let planned = store.plans[receiver.id]?.modules.first { $0.flow == message.flow && $0.epoch == wire.epoch }
        return planned.map { !receiver.armed.contains($0.id) } ?? true
    }

    // MARK: Invariants

    private func check(_ device: SimDevice, _ before: SimDevice) {
        for entry in device.entries where entry.state == .active {
            let rivals = device.entries.filter {
                $0.plan.flow == entry.plan.flow && $0.plan.role == entry.plan.role && $0.state == .active
            }
            if rivals.count > 1 { violate("\(device.id) has \(rivals.count) modules that send in \(entry.plan.flow)") }
            let wasActive = before.entries.contains { $0.plan.id == entry.plan.id && $0.state == .active }
            if wasActive || before.bereft || lenient { continue }
            // Invariant 1, on the taps themselves.
            for peer in devices.values where peer.id != device.id && !peer.bereft && entry.plan.matches(peer.id) {
                guard store.plans[peer.id]?.modules.contains(where: { $0.flow == entry.plan.flow }) ?? false,
                    store.plans[device.id]?.modules.contains(where: { $0.id == entry.plan.id }) ?? false,
                    peer.tap != nil
                else { continue }
                let roles = peer.entries.filter {
                    $0.plan.flow == entry.plan.flow && $0.plan.role != entry.plan.role
                        && $0.plan.epoch == entry.plan.epoch
                }
                let planned = store.plans[peer.id]?.modules.contains {
                    $0.flow == entry.plan.flow && $0.epoch == entry.plan.epoch && $0.role != entry.plan.role
                }
                if planned ?? false, !roles.contains(where: { $0.state == .standby || $0.state == .active }) {
                    violate("\(device.id) sends edition \(entry.plan.epoch), which \(peer.id) does not understand")
                }
            }
        }
    }

    func violate(_ text: String) { if violations.count < 20 { violations.append("tick \(tick): \(text)") } }

    // MARK: The end

    /// What a tap is to hold when all is done.
    func wanted(_ id: DeviceID) -> [ModuleEntry] {
        (store.plans[id]?.modules ?? []).map {
            let rests = store.resting.contains($0.intent)
            return ModuleEntry(
                plan: $0, state: $0.underTest ? .deactivated : rests ? .standby : .active,
                enforcing: $0.dropUnlessTagged && !$0.underTest && !rests)
        }
    }

    var settled: Bool {
        orchestratorBackAt == nil && ids.allSatisfy { devices[$0]?.connected ?? false }
            && ids.allSatisfy {
                store.reports[$0]?.generation == store.tables[$0]?.generation || store.tables[$0] == nil
            }
            && ids.allSatisfy { devices[$0]?.entries == wanted($0) && devices[$0]?.bereft == false }
            && store.statuses.values.allSatisfy { $0.phase == .settled && $0.waiting.isEmpty }
            && Set(store.statuses.keys) == Set(flows.filter { !$0.members.isEmpty }.map(\.name))
    }

    /// - Returns: whether all is as the plans say within so many ticks, and stays so with nothing left to do.
    func settles(within ticks: Int = 150) -> Bool {
        for _ in 0..<ticks {
            step()
            if settled, lastActions.isEmpty { break }
        }
        guard settled else {
            violate("not settled: \(store.statuses.values.map { "\($0.flow) \($0.phase.rawValue) \($0.waiting)" })")
            return false
        }
        for _ in 0..<6 {
            step()
            if !lastActions.isEmpty { violate("settled, and yet \(lastActions.count) actions: \(lastActions[0])") }
        }
        return violations.isEmpty
    }
}

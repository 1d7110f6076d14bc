import L45Model

/// A device: an agent that may die, a tap that outlives it, and a ledger that outlives both.
struct SimDevice {
    let id: DeviceID
    /// Milliseconds by which its clock is off.
    var clockOff: Int64 = 0

    /// The fence: the newest table it ever took.
    var ledger: DeviceTable?
    var tap: Tap?
    /// Taken from the wire, not in force yet.
    var applying: Applying?
    /// The tick at which a dead agent is back; nil: it runs.
    var agentBackAt: Int?
    /// The tick at which a broken line is mended; nil: it is whole.
    var lineBackAt: Int?
    /// Counts connections, so that what was under way on a broken one is lost with it.
    var connection = 0
    var connected = false
    var reportDue = false
    var bootID = 1

    /// The tap lost modules that it had confirmed, and has not got them back.
    var bereft = false
    /// When it last got them back; messages of before are its own loss.
    var repairedAt = -1
    /// Joined a flow that enforces, and does not speak its dialect yet.
    var joining = false

    var sentAt: [ModuleID: Int] = [:]
    var receivedAt: [ModuleID: Int] = [:]
    /// A deprecated module knows only sockets opened before this tick.
    var deprecatedAt: [ModuleID: Int] = [:]
    var armed: Set<ModuleID> = []

    struct Applying {
        let table: DeviceTable
        let digest: Digest
        let at: Int
    }
    struct Tap {
        var generation: Generation
        var digest: Digest
        var entries: [ModuleEntry]
    }

    var entries: [ModuleEntry] { tap?.entries ?? [] }

    static func id(_ number: Int) -> DeviceID { DeviceID("d\(number)") }
    static func address(_ id: DeviceID) -> AddressBlock? { AddressBlock("10.0.0.\(id.rawValue.dropFirst())") }

    // MARK: Messages

    /// The module in which this end sends to `peer`; nil: plain.
    func speaks(_ flow: FlowName, _ role: ModulePlan.Role, to peer: DeviceID) -> ModulePlan? {
        entries.first {
            $0.plan.flow == flow && $0.plan.role == role && $0.state == .active && $0.plan.sends
                && $0.plan.matches(peer)
        }?.plan
    }

    enum Hearing: Equatable { case understood(ModuleID?), droppedAsPlain, garbled }

    /// What the application gets of a message. A connection that goes on keeps its modules while they are in the table,
    /// and is dropped for being plain at its beginning only.
    func hears(_ message: SimMessage) -> Hearing {
        let attached = entries.filter { entry in
            guard entry.plan.flow == message.flow, entry.plan.role == message.role else { return false }
            guard entry.plan.matches(message.from) || message.goesOn else { return false }
            return entry.state != .deprecated || message.opened < deprecatedAt[entry.plan.id] ?? 0
        }
        guard let wire = message.wire else {
            return attached.contains(where: \.enforcing) && !message.goesOn ? .droppedAsPlain : .understood(nil)
        }
        let decoder = attached.first {
            $0.state != .deactivated && $0.plan.receives && $0.plan.epoch == wire.epoch
                && $0.plan.dialectSecret == wire.secret
        }
        return decoder.map { .understood($0.plan.id) } ?? .garbled
    }

    // MARK: Tables

    enum Taken: Equatable { case applied, refused(String) }

    /// As an agent does: the ledger refuses what is older, or of the same generation and other content.
    mutating func take(_ table: DeviceTable, digest: Digest, at now: Int) -> Taken {
        if let ledger, table.generation < ledger.generation {
            return .refused("the ledger is at generation \(ledger.generation)")
        }
        if let ledger, table.generation == ledger.generation, table.modules != ledger.modules {
            return .refused("the ledger has generation \(ledger.generation) with other content")
        }
        ledger = table
        for entry in table.modules {
            let id = entry.plan.id
            let before = entries.first { $0.plan.id == id }
            if entry.state == .deprecated {
                if before == nil {
                    deprecatedAt[id] = 0
                } else if before?.state != .deprecated {
                    deprecatedAt[id] = now
                }
            } else {
                deprecatedAt[id] = nil
            }
            if entry.state == .standby || entry.state == .active { armed.insert(id) }
            if entry.state == .active { joining = false }
        }
        for gone in entries where table.entry(gone.plan.id) == nil {
            sentAt[gone.plan.id] = nil
            receivedAt[gone.plan.id] = nil
            armed.remove(gone.plan.id)
        }
        tap = Tap(generation: table.generation, digest: digest, entries: table.modules)
        if bereft {
            bereft = false
            repairedAt = now
        }
        return .applied
    }

    mutating func lineLost() {
        connected = false
        connection += 1
    }

    mutating func agentDies(until back: Int) {
        lineLost()
        applying = nil
        agentBackAt = back
    }

    mutating func reboots(until back: Int) {
        agentDies(until: back)
        bereft = bereft || tap != nil
        tap = nil
        sentAt = [:]
        receivedAt = [:]
        bootID += 1
    }

    func report(at time: Timestamp, now: Int, streams: (ModuleEntry) -> Int) -> DeviceReport {
        let start = time + .milliseconds(clockOff - Int64(now) * 1000)
        func stamp(_ tick: Int?) -> Timestamp { tick.map { start + .seconds(Int64($0)) } ?? .never }
        return DeviceReport(
            device: id, takenAt: time + .milliseconds(clockOff), bootID: "boot \(bootID)", tap: .simulated,
            generation: tap?.generation ?? Generation.none, tableDigest: tap?.digest,
            modules: entries.map { entry in
                let id = entry.plan.id
                return ModuleReport(
                    id: id, state: entry.state, enforcing: entry.enforcing, streamsInDialect: streams(entry),
                    sentAt: stamp(sentAt[id]), receivedAt: stamp(receivedAt[id]))
            })
    }
}

extension ModulePlan {
    func matches(_ peer: DeviceID) -> Bool {
        guard !tapSocket.remotes.isEmpty else { return true }
        let address = SimDevice.address(peer)
        return tapSocket.remotes.contains { $0.block == address }
    }
}

/// A message on the wire.
struct SimMessage {
    struct Wire: Hashable {
        let epoch: Epoch
        let secret: Secret
    }
    let flow: FlowName
    let from: DeviceID
    let to: DeviceID
    /// The part that the receiver plays.
    let role: ModulePlan.Role
    /// nil: plain.
    let wire: Wire?
    let sent: Int
    let arrives: Int
    /// When the receiver's socket was opened.
    let opened: Int
    /// Not the first on its connection.
    let goesOn: Bool
    /// The sender had lost its modules: what it sends wrong is not the reconciler's doing.
    let senderBereft: Bool
    let senderJoining: Bool
}

import L45Model

/// A small fleet in the middle of a rotation, seen at `now`.
enum Fleet {
    static let now = Timestamp(1_790_000_000_000)
    static let dns = IntentName("dns")
    static let flow = FlowName("dns/0")

    static func ago(_ seconds: Int64) -> Timestamp { now + .seconds(-seconds) }

    static let client = device(
        "client-1", "c11e0000000000000000000000000001", labels: ["role": "client", "site": "boston"], link: .connected,
        since: 200, decided: 7, confirmed: 7, report: 3)
    static let resolver = device(
        "resolver-1", "5e50000000000000000000000000000a", labels: [:], link: .away, since: 12, decided: 7, confirmed: 6,
        report: 15, problems: ["the tap folder is full", "no process under the tap"])
    static let fresh = DeviceView(
        device: Device(id: DeviceID("f0e50000000000000000000000000001"), facts: DeviceFacts(name: "fresh")),
        labels: [:], link: .away, linkSince: nil, generationDecided: .none, report: nil)

    static var devices: [DeviceView] { [client, resolver, fresh] }

    private static func device(
        _ name: String, _ id: String, labels: [String: String], link: DeviceView.Link, since: Int64, decided: UInt64,
        confirmed: UInt64, report: Int64, problems: [String] = []
    ) -> DeviceView {
        let facts = DeviceFacts(
            name: name, labels: labels, addresses: [AddressBlock("192.0.2.53")].compactMap { $0 },
            kernelRelease: "6.12.0", agentVersion: "0.1.0")
        return DeviceView(
            device: Device(id: DeviceID(id), facts: facts), labels: labels, link: link, linkSince: ago(since),
            generationDecided: Generation(decided),
            report: DeviceReport(
                device: DeviceID(id), takenAt: ago(report), bootID: "b", tap: .preload,
                generation: Generation(confirmed), tableDigest: nil,
                modules: [ModuleReport(id: ModuleID(0x2a), state: .standby)], processes: 2, problems: problems))
    }

    static func plan(_ id: UInt64, epoch: UInt32, role: ModulePlan.Role, priority: Int = 100) -> ModulePlan {
        ModulePlan(
            id: ModuleID(id), intent: dns, flow: flow, epoch: Epoch(epoch), role: role,
            tapSocket: TapSocket(
                transport: .udp, application: Application(process: "dig"),
                remotes: [EndpointPattern(block: AddressBlock("192.0.2.53"), port: 53)]),
            dialect: .datagram(DatagramTag(place: .front, label: "dig")), dialectSecret: Secret([1]),
            initKey: Secret([2]), priority: priority)
    }

    static var modules: [ModuleView] {
        var counts = ModuleStatistics()
        counts.messagesSent = 5000
        counts.messagesReceived = 4998
        counts.bytesSent = 160_000
        counts.bytesReceived = 320_000
        counts.passedPlain = 1
        let old = plan(0x2a, epoch: 3, role: .client)
        let new = plan(0x2b, epoch: 4, role: .client)
        return [
            ModuleView(
                plan: old, device: client.id, deviceName: client.name,
                decided: ModuleEntry(plan: old, state: .standby),
                report: ModuleReport(
                    id: old.id, state: .active, sockets: 2, activeAt: ago(1), sentAt: ago(1), receivedAt: ago(2),
                    statistics: counts, filledIn: ["udp 10.0.0.5:41234 > 192.0.2.53:53 (dig/isc-net-0000)"])),
            ModuleView(
                plan: new, device: client.id, deviceName: client.name,
                decided: ModuleEntry(plan: new, state: .active), report: nil),
            ModuleView(
                plan: plan(0x3a, epoch: 3, role: .server), device: resolver.id, deviceName: resolver.name, decided: nil,
                report: ModuleReport(id: ModuleID(0x3a), state: .deprecated)),
        ]
    }

    static func rollout(
        _ phase: RolloutPhase = .flipClients, epoch: UInt32? = 4, paused: Bool = false,
        waiting: [RolloutStatus.Waiting] = [
            RolloutStatus.Waiting(
                device: resolver.id, reason: "has not confirmed generation 7 (last report 6, 15 s ago)")
        ], since: Int64 = 12
    ) -> RolloutView {
        RolloutView(
            RolloutStatus(
                intent: dns, flow: flow, epoch: epoch.map { Epoch($0) }, phase: phase, paused: paused, waiting: waiting,
                since: ago(since)),
            names: [client.id: client.name, resolver.id: resolver.name])
    }

    static func intent(
        revision: UInt64 = 2, observed: UInt64 = 2, epoch: UInt32 = 4, paused: Bool = false, deleting: Bool = false,
        phase: RolloutPhase? = .flipClients, ready: Bool = false
    ) -> IntentView {
        IntentView(
            record: IntentRecord(
                name: dns, revision: Generation(revision),
                source: "name: dns\nintent:\n  - tag dig DNS\n  - rotate dialect every 6h\n",
                origin: "intents/dns.yaml", epoch: Epoch(epoch), epochMax: Epoch(epoch), epochSince: ago(30),
                paused: paused),
            observedRevision: Generation(observed), rotate: Span("6h").map { .every($0) },
            rotateNext: now + .seconds(21_570),
            deleting: deleting, flows: 1, devices: 2, devicesReady: ready ? 2 : 1, devicesAway: ready ? 0 : 1,
            phase: phase, ready: ready,
            conditions: [
                Condition(
                    type: "Ready", status: ready ? .yes : .no, reason: ready ? "Settled" : "DevicesAway",
                    message: ready ? "every tap runs its plan" : "resolver-1 is away", since: ago(12))
            ])
    }

    static var events: [EventView] {
        [
            EventView(
                id: 41,
                Event(
                    at: ago(30), subject: "intent/dns", message: "rotation began",
                    facts: ["epoch": "4", "by": "schedule at 6h"])),
            EventView(
                id: 42,
                Event(
                    at: ago(12), severity: .alert, subject: "device/5e50000000000000000000000000000a",
                    message: "device went away")),
        ]
    }
}

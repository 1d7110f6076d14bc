import Inventory
import KernelTap
import L45Model
import Orchestrator
import Testing

/// The monitor in a real orchestrator, with real agents over real TLS; only the taps say what the story wants.
@Suite("Alerts from the fleet, over real TLS")
struct MonitorStories {
    private let dns = IntentName("dns")
    private static let quick = AlertConfiguration(
        bounds: MonitorBounds(lastsFor: .milliseconds(800), silentFor: .seconds(60), messagesMin: 5))

    private func alerts(_ fleet: TestFleet, _ query: AlertQuery = AlertQuery()) async throws -> [AlertView] {
        guard case .alerts(let alerts) = await fleet.orchestrator.answer(.alerts(query)) else {
            throw Unexpected("no alerts")
        }
        return alerts
    }

    private func opened(_ fleet: TestFleet, _ kind: AlertKind) async {
        await fleet.orchestrator.waitUntilAlerts { book in book.open.keys.contains { $0.kind == kind } }
    }

    private func over(_ fleet: TestFleet, _ kind: AlertKind) async {
        await fleet.orchestrator.waitUntilAlerts { book in !book.open.keys.contains { $0.kind == kind } }
    }

    @Test("A client whose messages arrive nowhere is an alert; when they arrive it is over, and kept")
    func oneSided() async throws {
        try await withTwoDevices(alerts: Self.quick, reportEvery: .milliseconds(100)) { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(1))
            let laptop = try #require(fleet.taps["laptop"])
            let resolver = try #require(fleet.taps["dns-1"])
            let sender = try #require(laptop.table?.modules.first?.plan.id)
            let receiver = try #require(resolver.table?.modules.first?.plan.id)
            let sending = Task {
                var sent = ModuleReport(id: sender, state: .active)
                while !Task.isCancelled {
                    sent.statistics.messagesSent += 3
                    laptop.show(sent)
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            await opened(fleet, .flowOneSided)
            let alert = try #require(await alerts(fleet).first)
            #expect(alert.flow == FlowName("dns/0"))
            #expect(alert.expected == "what is sent in edition 1 of dns/0 arrives at dns-1")
            #expect(alert.seen.hasPrefix("laptop sent "))
            let receiving = Task {
                var received = ModuleReport(id: receiver, state: .active)
                while !Task.isCancelled {
                    received.statistics.messagesReceived += 3
                    resolver.show(received)
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            await over(fleet, .flowOneSided)
            sending.cancel()
            receiving.cancel()
            #expect(try await alerts(fleet).isEmpty)
            let all = try await alerts(fleet, AlertQuery(states: [.resolved]))
            #expect(all.map(\.kind) == [.flowOneSided])
            #expect(all.first?.resolution == "both ends count messages, or none is sent any more")
        }
    }

    @Test(
        "A silent agent is an alert; acknowledged it holds still across a restart, and is over when the agent is back")
    func silence() async throws {
        let impatient = AlertConfiguration(bounds: MonitorBounds(silentFor: .milliseconds(200)))
        try await withTwoDevices(alerts: impatient) { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled(dns, epoch: Epoch(1))
            await fleet.remove("laptop")
            await opened(fleet, .agentSilent)
            let id = try #require(await alerts(fleet).first).id
            let request = AlertRequest(.acknowledge, [id], by: "alice@ops", note: "laptop is in repair")
            guard case .alerts(let told) = await fleet.orchestrator.answer(.handleAlerts(request)) else {
                throw Unexpected("not acknowledged")
            }
            #expect(told.map(\.state) == [.acknowledged])
            try await fleet.restartOrchestrator()
            let after = try #require(await alerts(fleet).first { $0.id == id })
            #expect(after.acknowledgedBy == "alice@ops" && after.note == "laptop is in repair")
            #expect(after.deviceName == "laptop")
            // Its device is gone for good: so is the alert.
            _ = await fleet.orchestrator.answer(.forgetDevice(DeviceRequest(device: "laptop")))
            await over(fleet, .agentSilent)
            let ended = try #require(await alerts(fleet, AlertQuery(ids: [id])).first)
            #expect(ended.resolution == "the device was forgotten")
            guard case .failure(let failure) = await fleet.orchestrator.answer(.handleAlerts(request)) else {
                throw Unexpected("a resolved alert was acknowledged")
            }
            #expect(failure.code == .conflict)
        }
    }

    @Test("Filters leave what they say, and what is not there is told by its number")
    func queries() async throws {
        try await withTwoDevices { fleet in
            let orchestrator = fleet.orchestrator
            await orchestrator.raise(
                AlertFinding(.sinkDown, AlertSubject(other: "sink/x"), .warning, expected: "a", seen: "b"))
            await orchestrator.raise(
                AlertFinding(.securityCheckFailed, .fleet, .critical, expected: "a", seen: "b"))
            await orchestrator.raise(
                AlertFinding(.securityCheckFailed, .fleet, .critical, expected: "a", seen: "c"))
            #expect(try await alerts(fleet).map(\.count) == [1, 2])
            #expect(try await alerts(fleet, AlertQuery(severity: .critical)).map(\.kind) == [.securityCheckFailed])
            #expect(try await alerts(fleet, AlertQuery(kind: .sinkDown)).map(\.other) == ["sink/x"])
            #expect(try await alerts(fleet, AlertQuery(device: "laptop")).isEmpty)
            let resolve = AlertRequest(.resolve, [AlertID(2)], by: "alice@ops", note: "replaced")
            _ = await orchestrator.answer(.handleAlerts(resolve))
            #expect(
                try await alerts(fleet, AlertQuery(states: [.resolved])).map(\.resolution) == ["by alice@ops: replaced"]
            )
            // All or none.
            let both = AlertRequest(.acknowledge, [AlertID(1), AlertID(99)], by: "alice@ops")
            guard case .failure(let failure) = await orchestrator.answer(.handleAlerts(both)) else {
                throw Unexpected("alert 99 was found")
            }
            #expect(failure.code == .notFound && failure.message == "there is no alert 99")
            #expect(try await alerts(fleet).map(\.state) == [.open])
            guard case .events(let trail) = await orchestrator.answer(.events(EventQuery(subject: "alert/2"))) else {
                throw Unexpected("no events")
            }
            #expect(trail.map(\.message) == ["alert opened", "alert resolved"])
        }
    }
}

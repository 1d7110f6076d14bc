import Agent
import ControlChannel
import Foundation
import KernelTap
import L45Model
import NIOCore
import Testing

@Suite("The agent over real TLS, on a real disk", .timeLimit(.minutes(1)))
struct AgentServiceTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func service<T: Tap>(_ port: Int, tap: T, token: String? = nil) -> AgentService<T> {
        AgentService(
            AgentConfiguration(
                stateFolder: "\(scratch.path)/state", host: "127.0.0.1", port: port, token: token, name: "edge-1",
                labels: ["site": "lab"],
                reconnect: ReconnectDelay(first: .milliseconds(5), max: .milliseconds(50))),
            tap: tap, logger: TestOrchestrator.logger)
    }

    /// Runs the agent while `body` does; both end together.
    private func running<T: Tap, Value: Sendable>(
        _ service: AgentService<T>, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let agent = Task { try await service.run() }
        defer { agent.cancel() }
        let value = try await body()
        agent.cancel()
        _ = await agent.result
        return value
    }

    @Test("A device is enrolled by token, takes a table into the real tap, and reports it from there")
    func enrols() async throws {
        let orchestrator = try await TestOrchestrator()
        let folder = "\(scratch.path)/tap"
        let service = service(
            orchestrator.server.port, tap: try PreloadTap(folder: folder), token: orchestrator.token.text)
        let table = try await running(service) {
            let (session, device, hello) = try await orchestrator.device()
            #expect(hello.facts.name == "edge-1")
            #expect(hello.facts.labels == ["site": "lab"])
            #expect(hello.facts.taps == [.preload])
            #expect(hello.bootID == HostFacts.bootID())
            #expect(hello.ledgerGeneration == .none)
            let first = try await orchestrator.report(0)
            #expect(first.tableDigest == nil)
            let table = DeviceTable(device: device, generation: Generation(1), modules: [Modules.entry(1)])
            try orchestrator.server.send(.set(table), to: session)
            let report = try await orchestrator.report(1)
            #expect(report.tableDigest == (try table.contentDigest()))
            #expect(report.modules.map(\.state) == [.active])
            #expect(report.tap == .preload)
            return table
        }
        await orchestrator.server.stop()
        #expect(try LedgerFile(folder: "\(scratch.path)/state").load(for: table.device).ledger?.table == table)
    }

    @Test("While the orchestrator is away the tap keeps its table; when it is back the device says what it holds")
    func orchestratorAway() async throws {
        let tap = SimulatedTap()
        let orchestrator = try await TestOrchestrator()
        let port = orchestrator.server.port
        let table = try await running(service(port, tap: tap, token: orchestrator.token.text)) {
            let (session, device, _) = try await orchestrator.device()
            let table = DeviceTable(device: device, generation: Generation(4), modules: [Modules.entry(1)])
            try orchestrator.server.send(.set(table), to: session)
            _ = try await orchestrator.report(4)
            await orchestrator.server.stop()
            #expect(tap.table == table)

            let second = try await TestOrchestrator(authority: orchestrator.authority, port: port)
            let (_, same, hello) = try await second.device()
            #expect(same == device)
            #expect(hello.ledgerGeneration == Generation(4))
            #expect(try await second.report(4).tableDigest == (try table.contentDigest()))
            await second.server.stop()
            return table
        }
        #expect(tap.table == table)
    }

    @Test("A new agent process on the same disk needs no token, and puts its ledger in force after a boot")
    func restart() async throws {
        let orchestrator = try await TestOrchestrator()
        let port = orchestrator.server.port
        let table = try await running(service(port, tap: SimulatedTap(), token: orchestrator.token.text)) {
            let (session, device, _) = try await orchestrator.device()
            let table = DeviceTable(device: device, generation: Generation(4), modules: [Modules.entry(1)])
            try orchestrator.server.send(.set(table), to: session)
            _ = try await orchestrator.report(4)
            return table
        }
        let tap = SimulatedTap()
        try await running(service(port, tap: tap)) {
            let (_, device, hello) = try await orchestrator.device()
            #expect(device == table.device)
            #expect(hello.ledgerGeneration == Generation(4))
            _ = try await orchestrator.report(4)
            #expect(tap.table == table)
        }
        await orchestrator.server.stop()
    }

    @Test("A token of another orchestrator moves the device there; its key, and so its identity, stays")
    func moved() async throws {
        let old = try await TestOrchestrator()
        let before = try await running(service(old.server.port, tap: SimulatedTap(), token: old.token.text)) {
            try await old.device().device
        }
        await old.server.stop()
        let new = try await TestOrchestrator()
        let after = try await running(service(new.server.port, tap: SimulatedTap(), token: new.token.text)) {
            try await new.device().device
        }
        #expect(after == before)
        await new.server.stop()
    }

    @Test("A file of 600 KB comes in stretches, and its table is in force when it is whole")
    func artifact() async throws {
        let orchestrator = try await TestOrchestrator()
        let file = File(bytes: 600_000)
        let encoded = try EncodedArtifact(file.reference, content: ByteBuffer(bytes: file.content))
        let tap = SimulatedTap()
        try await running(service(orchestrator.server.port, tap: tap, token: orchestrator.token.text)) {
            let (session, device, _) = try await orchestrator.device()
            let entry = Modules.entry(1, artifact: file.reference)
            try orchestrator.server.send(
                .set(DeviceTable(device: device, generation: Generation(1), modules: [entry])), to: session)
            let offset = try await orchestrator.message { message in
                if case .artifactWanted(file.reference, let offset) = message { offset } else { nil }
            }
            #expect(offset == 0)
            orchestrator.server.send(encoded, from: offset, to: session)
            #expect(try await orchestrator.report(1).modules.count == 1)
        }
        await orchestrator.server.stop()
        #expect(try scratch.read("state/artifacts/\(file.reference.digest.hex)") == file.content)
    }

    @Test("An older table is refused over the wire with its reason")
    func refuses() async throws {
        let orchestrator = try await TestOrchestrator()
        let tap = SimulatedTap()
        try await running(service(orchestrator.server.port, tap: tap, token: orchestrator.token.text)) {
            let (session, device, _) = try await orchestrator.device()
            for generation: UInt64 in [7, 6] {
                try orchestrator.server.send(
                    .set(DeviceTable(device: device, generation: Generation(generation), modules: [])), to: session)
            }
            let reason = try await orchestrator.message { message in
                if case .refused(Generation(6), let reason) = message { reason } else { nil }
            }
            #expect(reason.contains("older than generation 7"))
        }
        await orchestrator.server.stop()
    }

    @Test("Without a certificate and without a token the agent says how to get one")
    func notEnrolled() async throws {
        let error = await #expect(throws: AgentError.self) {
            try await service(1, tap: SimulatedTap()).run()
        }
        #expect(error?.description.contains("l45 token create") == true)
    }

    @Test("A token that the orchestrator does not know ends the agent with the orchestrator's word")
    func unknownToken() async throws {
        let orchestrator = try await TestOrchestrator()
        let other = EnrolmentToken(for: orchestrator.authority.anchor)
        let error = await #expect(throws: ChannelRefusal.self) {
            try await service(orchestrator.server.port, tap: SimulatedTap(), token: other.text).run()
        }
        #expect(error?.code == .tokenUnknown)
        await orchestrator.server.stop()
    }

    @Test("An orchestrator that is not there yet is waited for at the first start")
    func waits() async throws {
        let first = try await TestOrchestrator()
        let port = first.server.port
        await first.server.stop()
        let agent = service(port, tap: SimulatedTap(), token: first.token.text)
        try await running(agent) {
            let second = try await TestOrchestrator(authority: first.authority, port: port, token: first.token)
            let (_, _, hello) = try await second.device()
            #expect(hello.facts.name == "edge-1")
            await second.server.stop()
        }
    }

    @Test("Two agents do not share a state folder")
    func oneAgent() async throws {
        let folder = try StateFolder(path: "\(scratch.path)/state")
        await #expect(throws: StateError.busy(folder: folder.path)) {
            try await service(1, tap: SimulatedTap()).run()
        }
        withExtendedLifetime(folder) {}
    }
}

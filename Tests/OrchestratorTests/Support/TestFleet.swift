import Agent
import ControlChannel
import Foundation
import Inventory
import KernelTap
import L45Model
import Logging
import Orchestrator
import Reconciler
import Synchronization
import Testing

/// A real orchestrator and real agents over real TLS on loopback, with a CIB on the disk. Only the taps are simulated.
final class TestFleet {
    let folder: URL
    /// nil only between the end of one and the start of the next.
    private var current: NetworkOrchestrator?
    private var running: Task<Void, any Error>
    private var agents: [String: Task<Void, any Error>] = [:]
    private(set) var taps: [String: SimulatedTap] = [:]
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private let drainBound: Span
    /// Of the orchestrator and of all agents.
    let clock: TestClock
    private let checks: CheckPolicy
    private let alerts: AlertConfiguration
    private let reportEvery: Span
    private let door: OrchestratorConfiguration.Door?
    private let git: GitConfiguration

    /// - Parameter operatorsAfar: whether it listens for operators on other machines.
    init(
        drainBound: Span = .milliseconds(20), clock: TestClock = TestClock(), checks: CheckPolicy = CheckPolicy(),
        alerts: AlertConfiguration = AlertConfiguration(), reportEvery: Span = .seconds(10),
        operatorsAfar: Bool = false, git: GitConfiguration = GitConfiguration()
    ) async throws {
        self.git = git
        door = operatorsAfar ? OrchestratorConfiguration.Door(host: "127.0.0.1", port: 0) : nil
        self.drainBound = drainBound
        self.clock = clock
        self.checks = checks
        self.alerts = alerts
        self.reportEvery = reportEvery
        folder = FileManager.default.temporaryDirectory.appending(path: "l45-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        (current, running) = try await Self.start(
            folder, port: 0, drainBound, clock, checks, alerts, reportEvery, door, git)
    }

    var orchestrator: NetworkOrchestrator {
        guard let current else { preconditionFailure("the orchestrator is being replaced") }
        return current
    }

    private static func start(
        _ folder: URL, port: Int, _ drainBound: Span, _ clock: TestClock, _ checks: CheckPolicy,
        _ alerts: AlertConfiguration, _ reportEvery: Span, _ door: OrchestratorConfiguration.Door?,
        _ git: GitConfiguration
    ) async throws -> (NetworkOrchestrator, Task<Void, any Error>) {
        let orchestrator = try NetworkOrchestrator(
            configuration: OrchestratorConfiguration(
                stateFolder: folder.appending(path: "nco").path, host: "127.0.0.1", port: port,
                policy: RolloutPolicy(drainBound: drainBound), reportEvery: reportEvery,
                passEvery: .milliseconds(1), checks: checks, alerts: alerts, operators: door, git: git),
            logger: quiet, now: { clock.now })
        let running = Task { try await orchestrator.run() }
        await orchestrator.waitUntilListening()
        return (orchestrator, running)
    }

    /// A device that enrols by token and connects; returns when its tap has reported.
    @discardableResult
    func add(
        _ name: String, role: String, address: String, claims: [String: String] = [:], paths: PathSeams? = nil
    ) async throws -> SimulatedTap {
        let tap = SimulatedTap()
        taps[name] = tap
        guard
            case .token(let token) = await orchestrator.answer(
                .createToken(TokenRequest(ttl: .seconds(600), labels: ["role": role])))
        else { throw Unexpected("no token") }
        let port = try #require(await orchestrator.port)
        let block = try #require(AddressBlock(address))
        let service = AgentService(
            AgentConfiguration(
                stateFolder: folder.appending(path: name).path, host: "127.0.0.1", port: port, token: token.token,
                name: name, labels: claims, addresses: [block], version: Build.version),
            tap: tap, paths: paths, logger: Self.quiet, now: { [clock] in clock.now })
        agents[name] = Task { try await service.run() }
        await orchestrator.waitUntil { fleet in
            fleet.devices.values.contains { device in
                if case .connected(_, reported: true) = device.link { device.device.facts.name == name } else { false }
            }
        }
        return tap
    }

    /// One agent's process ends; returns when the orchestrator has noticed.
    func remove(_ name: String) async {
        guard let agent = agents.removeValue(forKey: name) else { return }
        agent.cancel()
        _ = await agent.result
        await orchestrator.waitUntil { fleet in
            fleet.devices.values.contains { device in
                if case .away = device.link { device.device.facts.name == name } else { false }
            }
        }
    }

    /// One agent's process ends, whether or not the orchestrator knows of it.
    func end(_ name: String) async {
        guard let agent = agents.removeValue(forKey: name) else { return }
        agent.cancel()
        _ = await agent.result
    }

    /// The orchestrator's process ends, and another takes up the CIB on the same port.
    func restartOrchestrator() async throws {
        let port = try #require(await orchestrator.port)
        running.cancel()
        _ = await running.result
        running = Task {}
        current = nil
        (current, running) = try await Self.start(
            folder, port: port, drainBound, clock, checks, alerts, reportEvery, door, git)
    }

    func apply(_ yaml: String, prune: Bool = false, dryRun: Bool = false) async -> APIResponse {
        await orchestrator.answer(
            .apply(
                ApplyRequest(sources: [APISource(origin: "intents.yaml", text: yaml)], prune: prune, dryRun: dryRun)))
    }

    func steer(_ verb: RolloutRequest.Verb, _ intent: IntentName) async -> APIResponse {
        await orchestrator.answer(.rollout(RolloutRequest(verb, intent)))
    }

    func settled(_ intent: IntentName, epoch: Epoch) async {
        await orchestrator.waitUntil { fleet in
            let statuses = fleet.statuses.values.filter { $0.intent == intent }
            return !statuses.isEmpty && statuses.allSatisfy { $0.phase == .settled && $0.epoch == epoch }
        }
    }

    /// What the device's tap holds, as `epoch:state`, sorted.
    func modules(of name: String) -> [String] {
        (taps[name]?.table?.modules ?? []).map { "\($0.plan.epoch):\($0.state.rawValue)" }.sorted()
    }

    func stop() async {
        for agent in agents.values { agent.cancel() }
        for agent in agents.values { _ = await agent.result }
        running.cancel()
        _ = await running.result
        try? FileManager.default.removeItem(at: folder)
    }
}

/// This machine's clock, set forward at a test's word.
final class TestClock: Sendable {
    private let ahead = Mutex(Span.zero)
    var now: Timestamp { Timestamp.now() + ahead.withLock { $0 } }
    func set(forward span: Span) {
        ahead.withLock { $0 = .milliseconds($0.milliseconds + span.milliseconds) }
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Runs a story on a fleet of two: a workstation and a resolver.
func withTwoDevices(
    drainBound: Span = .milliseconds(20), checks: CheckPolicy = CheckPolicy(),
    alerts: AlertConfiguration = AlertConfiguration(), reportEvery: Span = .seconds(10),
    _ story: (TestFleet) async throws -> Void
) async throws {
    let fleet = try await TestFleet(drainBound: drainBound, checks: checks, alerts: alerts, reportEvery: reportEvery)
    do {
        try await fleet.add("laptop", role: "workstation", address: "192.0.2.10")
        try await fleet.add("dns-1", role: "resolver", address: "192.0.2.53")
        try await story(fleet)
    } catch {
        await fleet.stop()
        throw error
    }
    await fleet.stop()
}

let tagDNS = """
    name: dns
    clients: {role: workstation}
    servers: {role: resolver}
    intent:
      - tag dig DNS
    """

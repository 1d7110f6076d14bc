import ControlChannel
import HiccupsGuard
package import KernelTap
package import L45Model
package import Logging
import ServiceLifecycle
import Synchronization

/// The device customization agent: wires the channel, the tap, the disk and a timer to an `AgentMachine`.
///
/// It runs until it is told to stop. Whether the orchestrator is there or not, the tap goes on with what it has, also when
/// the agent is gone.
package actor AgentService<T: Tap>: Service {
    private let configuration: AgentConfiguration
    private let tap: T
    private let logger: Logger
    private let now: @Sendable () -> Timestamp
    private let seams: PathSeams?
    /// nil: the device guards no paths.
    private var paths: PathAgent?
    /// For the channel, which asks at each connection from elsewhere.
    private let hello: Mutex<AgentHello>
    /// The tap and the disk are waited for here.
    private let executor = BlockingExecutor("l45.agent")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
    private var driver: AgentDriver<T>?
    private var client: ChannelClient?
    private var identities: IdentityStore?
    private var timer: (at: Timestamp, task: Task<Void, Never>)?

    /// - Parameter paths: how paths are guarded; nil: this device guards none.
    package init(
        _ configuration: AgentConfiguration, tap: T, paths: PathSeams? = nil, logger: Logger,
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.configuration = configuration
        self.tap = tap
        seams = paths
        self.logger = logger
        self.now = now
        hello = Mutex(AgentHello(facts: DeviceFacts(name: ""), bootID: "", ledgerGeneration: .none))
    }

    /// - Throws: when the state folder or the tap can not be used, or the device is not admitted. A lost connection is no
    ///   error.
    package func run() async throws {
        let folder = try StateFolder(path: configuration.stateFolder)
        defer { withExtendedLifetime(folder) {} }
        try await cancelWhenGracefulShutdown { try await self.runUntilCancelled() }
    }

    private func runUntilCancelled() async throws {
        defer {
            timer?.task.cancel()
            timer = nil
        }
        let vault = PathVault(now: now)
        // What the operator asked for and this host can not do is told at the start.
        let responder =
            configuration.respond.isEmpty
            ? nil
            : try await ServiceResponder.start(
                beside: configuration.respond, slot: { vault.slot() }, keys: { vault.keyring }, seen: { vault.saw($0) })
        defer { responder?.stop() }
        let facts = HostFacts.gather(configuration, tap: tap.kind)
        let identities = IdentityStore(path: "\(configuration.stateFolder)/identity")
        self.identities = identities
        let admitted = try await AgentEnrolment.identity(
            configuration, store: identities, name: facts.name, now: now, logger: logger)
        let identity = admitted.inUse
        try start(
            AgentFacts(device: identity.device, facts: facts, bootID: HostFacts.bootID(), tap: tap.kind))
        let link = ClientLink()
        let paths = try seams.map { seams in
            try PathAgent(
                device: identity.device, folder: configuration.stateFolder, seams: seams, vault: vault, logger: logger,
                now: now, send: { link.send($0) })
        }
        self.paths = paths
        let client = ChannelClient(
            ChannelClientConfiguration(
                host: configuration.host, port: configuration.port, identity: identity,
                renewed: admitted.renewed, reconnect: configuration.reconnect, now: now,
                keep: { try identities.keep($0) },
                hello: {
                    var hello = self.hello.withLock { $0 }
                    hello.pathGeneration = paths?.generation
                    hello.pathKeysTag = paths.map { _ in vault.tag }
                    hello.answersChallenges = self.tap.answersChallenges
                    return hello
                }),
            logger: logger)
        self.client = client
        link.client.withLock { $0 = client }
        // Before anybody is asked: what the ledger has is put in force.
        take(.started)
        logger.info(
            "agent started",
            metadata: [
                "device": "\(identity.device)", "generation": "\(driver?.machine.fence ?? .none)",
                "tap": "\(tap.kind.rawValue)",
            ])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await client.run() }
            if let paths { group.addTask { await paths.run() } }
            if let responder { group.addTask { await self.watch(responder) } }
            group.addTask { [tap] in
                for await notice in tap.notices { await self.note(notice) }
            }
            for await event in client.events { note(event) }
            group.cancelAll()
            await group.waitForAll()
        }
    }

    private func start(_ facts: AgentFacts) throws {
        let ledgers = LedgerFile(folder: configuration.stateFolder)
        let artifacts = ArtifactStore(stateFolder: configuration.stateFolder)
        let loaded = try ledgers.load(for: facts.device)
        if let problem = loaded.problem { logger.error("ledger set aside", metadata: ["problem": "\(problem)"]) }
        driver = AgentDriver(
            machine: AgentMachine(
                identity: facts, ledger: loaded.ledger, ledgerProblem: loaded.problem, artifacts: try artifacts.scan()),
            tap: tap, storage: .disk(ledgers, artifacts))
    }

    /// The services go on without it, and so does the agent.
    private func watch(_ responder: ServiceResponder) async {
        guard let problem = await responder.failure() else { return }
        logger.error("probes are no longer answered", metadata: ["reason": "\(problem)"])
    }

    private func note(_ event: ClientEvent) {
        switch event {
        case .connected:
            logger.info("connected", metadata: ["orchestrator": "\(configuration.host):\(configuration.port)"])
            take(.connected)
            paths?.take(.connected)
        case .message(let message):
            if let input = PathAgent.Input(message) { paths?.take(input) }
            if let input = driver?.input(message) { take(input) }
        case .disconnected(let reason, let retryIn):
            logger.notice("not connected", metadata: ["reason": "\(reason)", "retryIn": "\(retryIn)"])
            take(.disconnected)
            paths?.take(.disconnected)
        case .renewed(let identity):
            logger.info("certificate renewed", metadata: ["until": "\(identity.expiresAt.rfc3339)"])
        case .trusting(let identity):
            logger.info(
                "authorities taken",
                metadata: ["authorities": "\(identity.anchors.map(\.fingerprint.short).joined(separator: " "))"])
        case .dismissed(let refusal):
            dismissed(refusal)
        }
    }

    private func dismissed(_ refusal: ChannelRefusal) {
        guard let identities, !identities.isDismissed else { return }
        logger.error(
            "this device's access was withdrawn; make a token with 'l45 token create' and start the agent once with it",
            metadata: ["reason": "\(refusal)"])
        do {
            try identities.markDismissed()
        } catch {
            logger.error("withdrawn access can not be noted", metadata: ["reason": "\(error)"])
        }
    }

    private func note(_ notice: TapNotice) {
        logger.debug(
            "tap notice",
            metadata: [
                "kind": "\(notice.kind.rawValue)", "text": "\(notice.text)", "reason": "\(notice.reason)",
            ])
        take(.noticed(notice))
    }

    private func take(_ input: AgentInput) {
        guard let messages = driver?.handle(input, now: now()) else { return }
        for message in messages {
            log(message)
            client?.send(message)
        }
        guard let machine = driver?.machine else { return }
        hello.withLock { $0 = machine.hello }
        wake(at: machine.wakeAt)
    }

    private func wake(at time: Timestamp) {
        if let timer, timer.at == time, !timer.task.isCancelled { return }
        timer?.task.cancel()
        let wait = max(1, (time - now()).milliseconds)
        let task = Task { [weak self] in
            guard (try? await Task.sleep(for: .milliseconds(wait))) != nil else { return }
            await self?.woken(at: time)
        }
        timer = (time, task)
    }

    private func woken(at time: Timestamp) {
        // One that was replaced while it woke is over: its successor ticks.
        guard timer?.at == time else { return }
        timer = nil
        take(.tick)
    }

    private func log(_ message: AgentMessage) {
        switch message {
        case .refused(let generation, let reason):
            logger.warning("table refused", metadata: ["generation": "\(generation)", "reason": "\(reason)"])
        case .event(let event):
            logger.log(
                level: event.severity == .info ? .info : .warning, "\(event.message)",
                metadata: event.facts.mapValues { "\($0)" })
        case .report(let report):
            logger.debug(
                "reported", metadata: ["generation": "\(report.generation)", "modules": "\(report.modules.count)"])
            for problem in report.problems { logger.debug("reported problem", metadata: ["problem": "\(problem)"]) }
        case .artifactWanted(let artifact, let offset):
            logger.info("artifact wanted", metadata: ["artifact": "\(artifact.digest.short)", "offset": "\(offset)"])
        case .moduleAnswer(let answer):
            if case .answered = answer.outcome { return }
            logger.warning(
                "challenge not answered", metadata: ["module": "\(answer.module)", "outcome": "\(answer.outcome)"])
        case .hello, .paths, .pathKeysHeld, .pathExchanges, .trustHeld: break
        }
    }
}

/// The channel, for a part that is made before it.
private final class ClientLink: Sendable {
    let client = Mutex<ChannelClient?>(nil)
    func send(_ message: AgentMessage) { client.withLock { $0 }?.send(message) }
}

extension PathAgent.Input {
    /// nil: the message is not about paths.
    init?(_ message: OrchestratorMessage) {
        switch message {
        case .setPaths(let table): self = .set(table)
        case .pathsInvalid(let generation, let why): self = .invalid(generation, why: why)
        case .farGatesHeld(let path, let gates): self = .farHeld(path, gates)
        case .welcome(_, let reportEvery): self = .welcomed(reportEvery: reportEvery)
        case .pathKeys(let keys): self = .keys(keys)
        case .set, .reportWanted, .artifactChunk, .artifactMissing, .challenge, .trust: return nil
        }
    }
}

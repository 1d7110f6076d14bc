import Agent
import ControlChannel
import Foundation
import KernelTap
import L45Model
import NIOCore

/// An agent on a simulated tap, at a time that the test sets. What is kept is kept in memory: `stored` outlives a crash.
struct Story {
    static let device = DeviceID("00112233445566778899aabbccddeeff")
    static let facts = AgentFacts(
        device: device, facts: DeviceFacts(name: "edge-1"), bootID: "boot-1", tap: .simulated)

    let tap: SimulatedTap
    private(set) var driver: AgentDriver<SimulatedTap>
    var now = Timestamp(1_000_000)

    init(
        tap: SimulatedTap = SimulatedTap(), ledger: Ledger? = nil, problem: String? = nil,
        storage: AgentStorage = .none()
    ) {
        self.tap = tap
        driver = AgentDriver(
            machine: AgentMachine(identity: Self.facts, ledger: ledger, ledgerProblem: problem), tap: tap,
            storage: storage)
    }

    var machine: AgentMachine { driver.machine }

    @discardableResult
    mutating func tell(_ input: AgentInput) -> [AgentMessage] { driver.handle(input, now: now) }

    /// As the service does it: the tap is asked first whether it could carry a table.
    @discardableResult
    mutating func receive(_ message: OrchestratorMessage) -> [AgentMessage] { tell(driver.input(message)) }

    /// Time passes: `tick` comes whenever the agent wants to be woken, and at the end.
    @discardableResult
    mutating func pass(_ span: Span) -> [AgentMessage] {
        let end = now + span
        var messages: [AgentMessage] = []
        var wakes = 0
        while machine.wakeAt < end, wakes < 10_000 {
            now = max(now, machine.wakeAt)
            messages += tell(.tick)
            wakes += 1
        }
        now = end
        return messages + tell(.tick)
    }

    /// An agent that has started and is connected, and whose first reports are over.
    static func connected(tap: SimulatedTap = SimulatedTap(), ledger: Ledger? = nil) -> Story {
        var story = Story(tap: tap, ledger: ledger)
        story.tell(.started)
        story.tell(.connected)
        story.receive(.welcome(device, reportEvery: .seconds(10)))
        return story
    }
}

extension [AgentMessage] {
    var reports: [DeviceReport] { compactMap { if case .report(let report) = $0 { report } else { nil } } }
    var events: [Event] { compactMap { if case .event(let event) = $0 { event } else { nil } } }
    var refusals: [String] { compactMap { if case .refused(_, let reason) = $0 { reason } else { nil } } }
    var wanted: [Int] { compactMap { if case .artifactWanted(_, let offset) = $0 { offset } else { nil } } }
}

/// Modules for the tests: dig's DNS queries, tagged.
enum Modules {
    static func entry(
        _ id: UInt64, _ state: ModuleState = .active, enforcing: Bool = false, artifact: ArtifactReference? = nil,
        process: String = "dig"
    ) -> ModuleEntry {
        let plan = ModulePlan(
            id: ModuleID(id), intent: IntentName("dns"), flow: FlowName("dns/0"), epoch: Epoch(UInt32(id)),
            role: .client,
            tapSocket: TapSocket(
                transport: .udp, application: Application(process: process),
                remotes: [EndpointPattern(block: AddressBlock("10.0.0.53"), port: 53)]),
            dialect: .datagram(DatagramTag(place: .front)), dialectSecret: Secret([UInt8](repeating: 7, count: 32)),
            initKey: Secret([UInt8](repeating: 9, count: 32)), artifact: artifact)
        return ModuleEntry(plan: plan, state: state, enforcing: enforcing)
    }

    static func table(_ generation: UInt64, _ entries: ModuleEntry..., device: DeviceID = Story.device) -> DeviceTable {
        DeviceTable(device: device, generation: Generation(generation), modules: entries)
    }
}

/// A file as an orchestrator would send it.
struct File {
    static let chunkBytes = 64 << 10
    let content: [UInt8]
    var reference: ArtifactReference { ArtifactReference(digest: Digest(of: content), bytes: content.count) }

    /// - Parameter seed: another one, another file.
    init(bytes: Int, seed: UInt8 = 1) {
        content = (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) ^ seed }
    }

    func chunk(at offset: Int) -> AgentInput {
        let end = min(content.count, offset + Self.chunkBytes)
        return .artifactChunk(reference, offset: offset, bytes: ByteBuffer(bytes: content[offset..<end]))
    }

    var offsets: StrideTo<Int> { stride(from: 0, to: content.count, by: Self.chunkBytes) }
}

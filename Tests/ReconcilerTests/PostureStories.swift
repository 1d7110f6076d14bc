import L45Model
import Reconciler
import Testing

/// A change of level: intents installed ahead are called into force, and put to rest, under traffic.
@Suite("Postures")
struct PostureStories {
    private let weak = IntentName("weak")
    private let strong = IntentName("strong")

    /// Three clients and two servers with two intents between them, the second at rest.
    private func lab(seed: UInt64 = 1, _ change: (inout SimFlow) -> Void = { _ in }) -> (SimFleet, SimFlow, SimFlow) {
        let fleet = SimFleet(devices: 5, seed: seed)
        fleet.policy.brakeDevicesMin = 100
        let clients = (1...3).map(SimDevice.id)
        let servers = (4...5).map(SimDevice.id)
        let first = SimFlow("weak/0", clients: clients, servers: servers)
        var second = SimFlow("strong/0", clients: clients, servers: servers)
        change(&second)
        fleet.store.resting = [strong]
        fleet.want([first, second])
        #expect(fleet.settles(), "\(fleet.violations)")
        return (fleet, first, second)
    }

    private func speakers(_ fleet: SimFleet, _ intent: IntentName) -> Int {
        fleet.ids.count { id in
            fleet.devices[id]?.entries.contains { $0.plan.intent == intent && $0.state == .active } ?? false
        }
    }

    private func phases(_ fleet: SimFleet, _ flow: SimFlow, from line: Int) -> [String] {
        var phases: [String] = []
        for words in fleet.trail.dropFirst(line).map({ $0.split(separator: " ").map(String.init) })
        where words.contains(flow.name.rawValue) {
            if phases.last != words[2] { phases.append(words[2]) }
        }
        return phases
    }

    @Test("What rests is installed everywhere and sent by nobody")
    func ahead() {
        let (fleet, _, flow) = lab()
        #expect(speakers(fleet, strong) == 0)
        #expect(fleet.ids.allSatisfy { fleet.devices[$0]?.entries.count == 2 })
        #expect(fleet.store.statuses[flow.name]?.phase == .settled)
        #expect(fleet.store.statuses[flow.name]?.rest == .standby)
        let followers = Reconciler.followers(fleet.snapshot(), of: [weak, strong], now: fleet.now)
        #expect(followers.devices == 5)
        #expect(followers.laggards == [])
    }

    @Test("Up: nothing is deployed, clients go first, then servers; what gives way steps back in the same tables")
    func upAndDown() {
        let (fleet, first, second) = lab()
        let line = fleet.trail.count
        fleet.store.resting = [weak]
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(speakers(fleet, strong) == 5)
        #expect(speakers(fleet, weak) == 0)
        #expect(phases(fleet, second, from: line) == ["flip-clients", "flip-servers", "settled"])
        #expect(phases(fleet, first, from: line) == ["flip-clients", "flip-servers", "settled"])
        #expect(fleet.store.statuses[second.name]?.rest == .called)

        fleet.store.resting = [strong]
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(speakers(fleet, weak) == 5)
        #expect(speakers(fleet, strong) == 0)
        #expect(fleet.store.statuses[first.name]?.rest == .called)
    }

    @Test("A level is reached when the last tap says so: a device that is away is named until it is back")
    func laggard() {
        let (fleet, _, _) = lab()
        fleet.cut(SimDevice.id(4), for: 30)
        fleet.run(2)
        fleet.store.resting = [weak]
        fleet.run(10)
        let late = Reconciler.followers(fleet.snapshot(), of: [weak, strong], now: fleet.now).laggards
        #expect(late.first { $0.device == SimDevice.id(4) }?.reason.hasPrefix("is away since") ?? false, "\(late)")
        // Nobody sends what it has not confirmed.
        #expect(speakers(fleet, strong) == 0)
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(Reconciler.followers(fleet.snapshot(), of: [weak, strong], now: fleet.now).laggards == [])
    }

    @Test("What rests goes on rotating, so that it is called in its newest edition")
    func restingRotation() {
        let (fleet, first, second) = lab()
        fleet.want([first, second.edition(2)])
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(speakers(fleet, strong) == 0)
        #expect(fleet.ids.allSatisfy { fleet.devices[$0]?.entries.count == 2 })
        fleet.store.resting = []
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(fleet.speakers(2, .client).count == 3)
    }

    @Test("A change of level in any tick of a rotation, and a change back in any tick of that", arguments: 1...24)
    func inTheMiddle(tick: Int) {
        let (fleet, first, second) = lab(seed: UInt64(tick))
        fleet.want([first.edition(2), second.edition(2)])
        fleet.run(tick)
        fleet.store.resting = [weak]
        fleet.run(tick % 7)
        fleet.store.resting = [strong]
        fleet.run(tick % 5)
        fleet.store.resting = [weak]
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(speakers(fleet, strong) == 5)
        #expect(speakers(fleet, weak) == 0)
    }

    @Test("Up and down while agents, devices and the orchestrator die: every message is understood", arguments: 1...16)
    func faults(seed: Int) {
        let (fleet, first, second) = lab(seed: UInt64(seed)) { $0.enforces = seed % 3 == 0 }
        var random = SeededRandom(seed: UInt64(seed))
        for round in 0..<12 {
            fleet.store.resting = [[weak], [strong], [weak, strong], []].randomElement(using: &random) ?? []
            if round % 4 == 3 { fleet.want([first.edition(UInt32(round)), second.edition(UInt32(round))]) }
            let device = SimDevice.id(Int.random(in: 1...5, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0: fleet.killAgent(device)
            case 1: fleet.reboot(device)
            case 2: fleet.cut(device)
            case 3: fleet.killOrchestrator()
            default: break
            }
            fleet.run(Int.random(in: 1...15, using: &random))
        }
        #expect(fleet.settles(within: 400), "\(fleet.violations)")
    }

    @Test("What drops plain messages does so only while it is in force, and lets go before anybody turns plain")
    func enforcing() {
        let (fleet, _, _) = lab { $0.enforces = true }
        let enforcers = { fleet.ids.count { id in fleet.devices[id]?.entries.contains { $0.enforcing } ?? false } }
        #expect(enforcers() == 0)
        fleet.store.resting = [weak]
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(enforcers() == 5)
        fleet.store.resting = [strong]
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(enforcers() == 0)
    }

    @Test("A paused intent does not follow, and does once resumed")
    func paused() {
        let (fleet, _, _) = lab()
        fleet.store.paused = [strong]
        fleet.store.resting = []
        fleet.run(20)
        #expect(speakers(fleet, strong) == 0)
        #expect(!Reconciler.followers(fleet.snapshot(), of: [weak, strong], now: fleet.now).laggards.isEmpty)
        fleet.store.paused = []
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(speakers(fleet, strong) == 5)
    }

    @Test(
        "A level goes to all at once, whatever waves a new edition takes; one that was stopped on its way goes on from there"
    )
    func waves() {
        let (fleet, first, second) = lab()
        fleet.store.strategies[strong] = RolloutStrategy(waves: [.count(1)], soak: .seconds(20))
        let line = fleet.trail.count
        fleet.store.resting = []
        #expect(fleet.settles(), "\(fleet.violations)")
        #expect(phases(fleet, second, from: line) == ["flip-clients", "flip-servers", "settled"])
        #expect(!fleet.events.contains { $0.message == "rollout entered a wave" })

        fleet.want([first, second.edition(2)])
        #expect(fleet.run(until: { fleet.speakers(2, .client).count == 1 }))
        fleet.store.resting = [strong]
        fleet.run(10)
        #expect(speakers(fleet, strong) == 0)
        #expect(fleet.store.statuses[second.name]?.course != nil)
        fleet.store.resting = []
        #expect(fleet.run(until: { fleet.speakers(2, .client).count == 1 }))
        fleet.run(4)
        #expect(fleet.speakers(2, .client).count == 1)
        #expect(fleet.settles(within: 400), "\(fleet.violations)")
        #expect(fleet.speakers(2, .client).count == 3)
    }
}

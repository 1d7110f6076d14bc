import L45Model
import Reconciler
import Testing

@Suite("Paths: what each device is told")
struct PathStepTests {
    private static let edge = DeviceID("00000000000000000000000000000001")
    private static let far = DeviceID("00000000000000000000000000000002")
    private static let start = Timestamp(1_000_000)

    private var fleet: [DeviceID: PathDevice]
    private let plan: PathPlan
    private let name: PathName

    init() throws {
        let here = try #require(AddressBlock("10.0.0.1"))
        let there = try #require(AddressBlock("10.2.0.1"))
        plan = PathPlan(
            intent: IntentName("wan"), destination: there, policy: PathPolicy(), probe: there, port: 4545,
            ratePort: 4546, far: [Self.far])
        name = plan.name
        fleet = [
            Self.edge: PathDevice(
                addresses: [here], plan: DevicePaths(device: Self.edge, paths: [plan]),
                link: .connected(reported: true)),
            Self.far: PathDevice(
                addresses: [there],
                plan: DevicePaths(
                    device: Self.far, paths: [],
                    answers: [PathAnswer(port: 4545, ratePort: 4546, openers: [here])]),
                link: .connected(reported: true)),
        ]
    }

    /// Steps, and keeps what a shell would.
    private mutating func step(after: Span = .zero, paused: Set<IntentName> = []) -> [PathAction] {
        let actions = PathStep.step(fleet, paused: paused, now: Self.start + after)
        for action in actions {
            switch action {
            case .decide(let table):
                fleet[table.device]?.table = table
                fleet[table.device]?.sentAt = nil
            case .send(let id, _): fleet[id]?.sentAt = Self.start + after
            case .confirm: continue
            }
        }
        return actions
    }

    private mutating func confirm(_ id: DeviceID, paths: [PathStanding] = []) {
        let generation = fleet[id]?.table?.generation ?? .none
        fleet[id]?.report = PathReport(
            device: id, takenAt: Self.start, taken: generation, inForce: generation, paths: paths)
        fleet[id]?.link = .connected(reported: true)
    }

    private func standing(wanted: [PathGate], isWaiting: Bool = true) -> PathStanding {
        PathStanding(
            name: name, phase: .gating, since: Self.start, nextAt: Self.start, wanted: wanted, isWaiting: isWaiting)
    }

    private func generations(_ actions: [PathAction]) -> [UInt64] {
        actions.compactMap { if case .decide(let table) = $0 { table.generation.rawValue } else { nil } }
    }

    private func sends(_ actions: [PathAction]) -> [DeviceID] {
        actions.compactMap { if case .send(let id, _) = $0 { id } else { nil } }
    }

    @Test("A plan is decided and sent once, sent again while nobody confirms, and then left alone")
    func oncePlanned() {
        var story = self
        let first = story.step()
        #expect(story.generations(first) == [1, 1])
        #expect(story.sends(first) == [Self.edge, Self.far])
        #expect(story.step(after: .seconds(9)).isEmpty)
        #expect(story.sends(story.step(after: .seconds(10))) == [Self.edge, Self.far])
        story.confirm(Self.edge)
        story.confirm(Self.far)
        #expect(story.step(after: .seconds(3600)).isEmpty)
    }

    @Test("Gates that an opener wants go to the far device, and the opener hears of them only when they are in force")
    func farGates() {
        var story = self
        _ = story.step()
        story.confirm(Self.far)
        let gates = [PathGate(.windowScaling, at: .accepting)]
        story.confirm(Self.edge, paths: [story.standing(wanted: gates)])
        let asked = story.step()
        #expect(story.generations(asked) == [2])
        #expect(story.fleet[Self.far]?.table?.accepted.map(\.gates) == [gates])
        #expect(story.fleet[Self.far]?.table?.accepted.first?.sources == story.fleet[Self.edge]?.addresses)
        #expect(story.fleet[Self.far]?.table?.accepted.first?.destination == story.plan.destination)
        // The far device still has generation 1.
        #expect(story.step() == [])
        story.confirm(Self.far)
        #expect(story.step() == [.confirm(Self.edge, story.name, gates)])
        // Heard: nothing more to be said.
        story.confirm(Self.edge, paths: [story.standing(wanted: gates, isWaiting: false)])
        #expect(story.step().isEmpty)

        // Withdrawn with the path, whether the opener says so or not.
        story.fleet[Self.edge]?.plan = nil
        story.fleet[Self.edge]?.link = .away
        _ = story.step()
        #expect(story.fleet[Self.far]?.table?.accepted.isEmpty == true)
    }

    @Test("A far device that is silent holds the opener up, one that was forgotten does not")
    func silentFarEnd() {
        var story = self
        _ = story.step()
        story.confirm(Self.far)
        let gates = [PathGate(.sack, at: .accepting)]
        story.confirm(Self.edge, paths: [story.standing(wanted: gates)])
        story.fleet[Self.far]?.link = .away
        #expect(story.step().allSatisfy { if case .confirm = $0 { false } else { true } })
        story.fleet[Self.far] = nil
        #expect(story.step().contains(.confirm(Self.edge, story.name, gates)))
    }

    @Test("A CIB from a backup goes on above what its devices hold; one that lost all takes their paths away")
    func backup() {
        var story = self
        _ = story.step()
        story.fleet[Self.edge]?.kept = Generation(40)
        #expect(story.generations(story.step()) == [41])

        story.fleet[Self.far] = PathDevice(addresses: [], link: .connected(reported: false), kept: Generation(9))
        let actions = story.step()
        #expect(story.generations(actions) == [10])
        #expect(story.fleet[Self.far]?.table?.isEmpty == true)
    }

    @Test("Of a paused intent the paths stay as they are, when it changes and when it comes")
    func paused() throws {
        var story = self
        #expect(story.generations(story.step(paused: [IntentName("wan")])) == [1])
        #expect(story.fleet[Self.edge]?.table == nil)
        _ = story.step()
        let before = story.fleet[Self.edge]?.table
        var other = story.plan
        other.policy.retestEvery = .seconds(5)
        story.fleet[Self.edge]?.plan = DevicePaths(device: Self.edge, paths: [other])
        _ = story.step(paused: [IntentName("wan")])
        #expect(story.fleet[Self.edge]?.table == before)
        _ = story.step()
        #expect(story.fleet[Self.edge]?.table?.paths == [other])
    }

    @Test("Nothing is sent to an agent that knows no paths, and it is not taken for confirmed")
    func oldAgent() {
        var story = self
        story.fleet[Self.edge]?.link = .speaksNone
        #expect(story.sends(story.step()) == [Self.far])
        #expect(story.fleet[Self.edge]?.runs(IntentName("wan")) == false)
    }
}

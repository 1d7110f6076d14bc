import L45Model
import Reconciler
import Testing

@Suite("Keys of paths: who has which")
struct PathKeyStepTests {
    private static let edge = DeviceID("00112233445566778899aabbccddeeff")
    private static let branch = DeviceID("ffeeddccbbaa99887766554433221100")
    private static let path = PathName("wan/10.2.0.9")
    private static let place = PathTrust.Place(edge, path)
    private static let day = Span.milliseconds(PathKeySchedule.epochMilliseconds)
    private static let noon = Timestamp(20_000 * PathKeySchedule.epochMilliseconds + 43_200_000)

    private let near = AddressBlock("10.1.0.9").map { [$0] } ?? []
    private let host = AddressBlock("10.2.0.9").map { [$0] } ?? []

    /// An edge that guards its path to a branch; both take keys.
    private func fleet(_ now: Timestamp = noon) throws -> PathKeyStep {
        let probe = try #require(host.first)
        let plan = PathPlan(
            intent: IntentName("wan"), destination: probe, policy: PathPolicy(), probe: probe, port: 4545,
            ratePort: nil, far: [Self.branch])
        let table = PathTable(device: Self.edge, generation: Generation(1), paths: [plan])
        return PathKeyStep(
            paths: [Self.edge: PathDevice(addresses: near, table: table), Self.branch: PathDevice(addresses: host)],
            keys: [
                Self.edge: PathKeyDevice(takesKeys: true, isConnected: true),
                Self.branch: PathKeyDevice(takesKeys: true, isConnected: true),
            ], signed: [:], names: [Self.branch: "branch-1", Self.edge: "edge-1"], now: now)
    }

    private func wanted(_ step: PathKeyStep) -> [DeviceID: [PathKeyEntry]] {
        step.wanted { path, opener, far, epoch in
            PathKeySchedule.key(
                root: Secret(Array(repeating: 1, count: 32)), path: path, from: opener, to: far, epoch: epoch)
        }
    }

    /// The device says that it holds all that it is to have.
    private func confirm(_ id: DeviceID, _ step: inout PathKeyStep) {
        let entries = wanted(step)[id] ?? []
        step.keys[id]?.known = PathKeys(device: id, tag: "", sentAt: step.now, entries: entries)
        if id == Self.edge { step.signed[Self.place] = entries.first?.keys.last?.epoch }
    }

    private func signs(_ step: PathKeyStep) -> UInt64? { wanted(step)[Self.edge]?.first?.keys.first?.epoch }
    private func accepts(_ step: PathKeyStep) -> [UInt64] { wanted(step)[Self.branch]?.first?.keys.map(\.epoch) ?? [] }

    @Test("The answering end has the key first; the opener signs once that is confirmed, with the same key")
    func makeFirst() throws {
        var step = try fleet()
        #expect(accepts(step) == [19_999, 20_000, 20_001])
        #expect(signs(step) == nil)
        #expect(wanted(step)[Self.edge]?.first?.whyPlain == "branch-1 has not confirmed that it holds the key")
        confirm(Self.branch, &step)
        #expect(signs(step) == 20_000)
        let all = wanted(step)
        let key = try #require(all[Self.edge]?.first?.keys.first)
        #expect(all[Self.branch]?.first?.keys.contains(key) == true)
        #expect(all[Self.branch]?.first?.opens == false && all[Self.edge]?.first?.opens == true)
    }

    @Test(
        "At midnight the opener goes on to the next key, which the other end had the day before, and the old one stays")
    func rotation() throws {
        var step = try fleet()
        confirm(Self.branch, &step)
        confirm(Self.edge, &step)
        step.now = Self.noon + Self.day
        // What the branch has said that it holds reaches to this day.
        #expect(signs(step) == 20_001)
        #expect(accepts(step) == [20_000, 20_001, 20_002])
    }

    @Test("An opener that was away for a week finds its old key still accepted, and is then taken to the present one")
    func away() throws {
        var step = try fleet()
        confirm(Self.branch, &step)
        confirm(Self.edge, &step)
        step.keys[Self.edge]?.isConnected = false
        step.now = step.now + .milliseconds(7 * Self.day.milliseconds)
        #expect(accepts(step) == [20_000, 20_006, 20_007, 20_008])
        confirm(Self.branch, &step)
        #expect(signs(step) == 20_007)
        confirm(Self.edge, &step)
        #expect(accepts(step) == [20_006, 20_007, 20_008])
    }

    @Test("An answering end that is away for a week is still signed to with the newest key that it holds")
    func farAway() throws {
        var step = try fleet()
        confirm(Self.branch, &step)
        confirm(Self.edge, &step)
        step.now = step.now + .milliseconds(7 * Self.day.milliseconds)
        #expect(signs(step) == 20_001)
    }

    @Test("An orchestrator that begins anew, with one end away, takes no key from anybody")
    func restart() throws {
        var step = try fleet()
        confirm(Self.branch, &step)
        confirm(Self.edge, &step)
        let signed = step.signed
        for missing in [Self.edge, Self.branch] {
            var anew = try fleet(Self.noon + .milliseconds(3 * Self.day.milliseconds))
            anew.signed = signed
            anew.keys[missing] = nil
            #expect(accepts(anew).contains(20_000))
            if missing == Self.branch { #expect(signs(anew) == 20_000) }
        }
    }

    @Test("A far end that lost its keys is not signed to until it has them again")
    func lost() throws {
        var step = try fleet()
        confirm(Self.branch, &step)
        confirm(Self.edge, &step)
        step.keys[Self.branch]?.known = PathKeys(device: Self.branch, tag: "", sentAt: step.now, entries: [])
        #expect(signs(step) == nil)
        #expect(accepts(step).contains(20_000))
    }

    @Test("Why a path stays plain: an old agent, nobody at the probed address, two that claim it")
    func obstacles() throws {
        var old = try fleet()
        old.keys[Self.branch]?.takesKeys = false
        #expect(wanted(old)[Self.edge]?.first?.whyPlain.contains("branch-1") == true)
        #expect(accepts(old).isEmpty)
        var stranger = try fleet()
        stranger.paths[Self.branch]?.addresses = near
        #expect(wanted(stranger)[Self.branch] == nil)
        #expect(wanted(stranger)[Self.edge]?.first?.whyPlain.contains("no device of the fleet") == true)
        var twins = try fleet()
        let third = DeviceID("ffeeddccbbaa99887766554433221101")
        twins.paths[third] = twins.paths[Self.branch]
        let plan = try #require(twins.paths[Self.edge]?.table?.paths.first)
        let both = PathPlan(
            intent: plan.intent, destination: plan.destination, policy: plan.policy, probe: plan.probe, port: plan.port,
            ratePort: nil, far: [Self.branch, third])
        twins.paths[Self.edge]?.table = PathTable(device: Self.edge, generation: Generation(2), paths: [both])
        #expect(wanted(twins)[Self.edge]?.first?.whyPlain.hasPrefix("2 devices have the probed address") == true)
    }

    @Test("With the path, the keys of both ends are gone")
    func forgotten() throws {
        var step = try fleet()
        confirm(Self.branch, &step)
        confirm(Self.edge, &step)
        step.paths[Self.edge]?.table = PathTable(device: Self.edge, generation: Generation(2), paths: [])
        #expect(wanted(step).isEmpty)
    }

    @Test("Keys that are not confirmed are sent again every 10 s, and to nobody who takes none or is away")
    func resend() {
        let keys = PathKeys(device: Self.edge, tag: "ab", sentAt: Self.noon, entries: [])
        var device = PathKeyDevice(takesKeys: true, isConnected: true)
        #expect(PathKeyStep.isDue(device, keys, now: Self.noon))
        device.sentAt = Self.noon
        let due = [0, 9, 10, 20].map { PathKeyStep.isDue(device, keys, now: Self.noon + .seconds($0)) }
        #expect(due == [false, false, true, true])
        device.held = "ab"
        #expect(!PathKeyStep.isDue(device, keys, now: Self.noon + .seconds(60)))
        for other in [PathKeyDevice(isConnected: true), PathKeyDevice(takesKeys: true)] {
            #expect(!PathKeyStep.isDue(other, keys, now: Self.noon))
        }
    }
}

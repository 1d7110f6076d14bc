import L45Model
import Testing

@testable import Orchestrator

@Suite("Where declared middleboxes stand, and whether they do what is declared of them")
struct MiddleboxStandTests {
    private static func block(_ text: String) throws -> AddressBlock { try #require(AddressBlock(text)) }

    private static func box(
        _ name: String, _ near: String, _ far: String, _ changes: [String] = [], line: Int = 4, by: String? = nil
    ) throws -> DeclaredMiddlebox {
        DeclaredMiddlebox(
            name: name, between: [[DeclaredMiddlebox.Side(near)], [DeclaredMiddlebox.Side(far)]],
            changes: try changes.map { try #require(MiddleboxChange(text: $0)) }, origin: "net.yaml",
            place: "net.yaml:\(line):11", by: by)
    }

    /// From 10.1.0.5, which is of the group paris, to 10.2.0.0/24, in which lyon-1 is.
    private static func stand(_ boxes: [DeclaredMiddlebox]) throws -> MiddleboxStand {
        let plan = PathPlan(
            intent: IntentName("wan"), destination: try block("10.2.0.0/24"), policy: PathPolicy(),
            probe: try block("10.2.0.7"), port: 4545, ratePort: 4546, far: [DeviceID("lyon-1")])
        let opener = Device(
            id: DeviceID("paris-1"), facts: DeviceFacts(name: "paris-1", addresses: [try block("10.1.0.5")]))
        return MiddleboxStand(boxes, on: plan, from: opener) { id, group in id.rawValue == "\(group)-1" }
    }

    private static func sight(
        _ subject: PathExtension, out: PathStanding.Verdict, back: PathStanding.Verdict
    ) -> [PathStanding.Sight] {
        PathExtension.allCases.map {
            PathStanding.Sight($0, out: $0 == subject ? out : .intact, back: $0 == subject ? back : .intact)
        }
    }

    @Test("A box stands between prefixes or groups, whichever side the path begins on, and before its own addresses")
    func places() throws {
        let before = DeclaredMiddlebox(name: "lb", addresses: [try Self.block("10.2.0.7")], origin: "net.yaml")
        let stand = try Self.stand([
            try Self.box("east", "10.1.0.0/16", "10.2.0.0/16"), try Self.box("back", "lyon", "paris"),
            try Self.box("other", "10.1.0.0/16", "10.3.0.0/16"), try Self.box("narrow", "10.1.0.0/16", "10.2.0.128/25"),
            try Self.box("probed", "paris", "10.2.0.0/29"), before,
        ])
        #expect(stand.names == ["back", "east", "lb", "probed"])
        #expect(stand.crossings.map(\.isForward) == [false, true, true, true])
        #expect(stand.crossings.map(\.isReverse) == [true, false, false, false])
    }

    @Test("What is declared is held against what was measured, in the direction of the path")
    func findings() throws {
        // Reverse of a path that crosses it backwards is the way out.
        let stand = try Self.stand([
            try Self.box("fw", "lyon", "paris", ["window-scale-stripped:reverse", "df-flipped", "mss-lowered:forward"])
        ])
        let asDeclared = PathExtension.allCases.map {
            PathStanding.Sight(
                $0, out: $0 == .windowScaling ? .changed : .intact, back: $0 == .mss ? .changed : .intact)
        }
        let seen = stand.findings(asDeclared)
        #expect(seen.map { "\($0.subject) \($0.direction) \($0.kind)" } == ["windowScaling out seen", "mss back seen"])
        #expect(stand.condition(seen, isLookedAt: true).reason == "Agrees")

        let other = stand.findings(Self.sight(.sack, out: .changed, back: .intact))
        #expect(
            other.filter(\.isSurprise).map(\.text) == [
                "window scaling on the way out is intact, and fw is declared to change it",
                "sack on the way out is changed, and no declared middlebox says so",
                "mss on the way back is intact, and fw is declared to change it",
            ])
        let condition = stand.condition(other, isLookedAt: true)
        #expect(condition.status == .no && condition.reason == "Unexplained")

        let blind = stand.findings([])
        #expect(blind.allSatisfy { $0.kind == .unknown } && blind.count == 2)
        #expect(stand.condition(blind, isLookedAt: false).status == .unknown)
    }

    @Test("A box comes and goes with the file that declares it; two that say differently what it is are refused")
    func declarations() throws {
        let first = try Self.box("fw", "10.1.0.0/16", "10.2.0.0/16", ["mss-lowered"])
        let made = try DeclaredFleet().change(
            DeclareRequest(devices: [], middleboxes: [first]), enrolled: [], labels: [:])
        #expect(made.boxOutcomes.map(\.outcome) == [.created] && made.storedBoxes == [first])
        let same = try made.next.change(
            DeclareRequest(devices: [], middleboxes: [first]), enrolled: [], labels: [:])
        #expect(same.isNothing && !same.result(dryRun: false).differs)
        // Alike by another is no contradiction; otherwise it is.
        let twin = try made.next.change(
            DeclareRequest(
                devices: [],
                middleboxes: [try Self.box("fw", "10.1.0.0/16", "10.2.0.0/16", ["mss-lowered"], by: "cmdb")]),
            enrolled: [], labels: [:])
        #expect(twin.next.middleboxes.count == 1)
        #expect {
            try made.next.change(
                DeclareRequest(
                    devices: [], middleboxes: [try Self.box("fw", "10.1.0.0/16", "lyon", line: 9, by: "cmdb")]),
                enrolled: [], labels: [:])
        } throws: {
            ($0 as? APIFailure)?.diagnostics == [
                "net.yaml:9:11: error: middlebox 'fw' is another one here than in net.yaml:4:11"
            ]
        }
        let gone = try made.next.change(
            DeclareRequest(devices: [], declarers: ["net.yaml"]), enrolled: [], labels: [:])
        #expect(gone.boxOutcomes.map(\.outcome) == [.pruned] && gone.next.middleboxes.isEmpty)
        #expect {
            try DeclaredFleet().change(
                DeclareRequest(devices: [], middleboxes: [first, first]), enrolled: [], labels: [:])
        } throws: { ($0 as? APIFailure)?.code == .badInput }
    }
}

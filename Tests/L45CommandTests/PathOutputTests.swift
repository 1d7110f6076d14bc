import L45Model
import Testing

@testable import L45Command

@Suite("Guarded paths, as operators see them")
struct PathOutputTests {
    private static let device = DeviceID("c11e0000000000000000000000000001")

    private func view(
        _ phase: PathStanding.Phase?, reason: String = "", problems: [String] = [], rate: Double? = nil,
        integrity: PathIntegrity? = nil, trust: PathTrust? = nil
    ) throws -> PathView {
        let plan = PathPlan(
            intent: IntentName("wan"), destination: try #require(AddressBlock("10.2.0.0/24")),
            policy: PathPolicy(treatments: [.ecn: .proven]), probe: try #require(AddressBlock("10.2.0.7")), port: 4545,
            ratePort: 4546, far: [])
        let gates = [PathGate(.windowScaling, at: .opening)]
        let standing = phase.map { phase in
            PathStanding(
                name: plan.name, phase: phase, since: Timestamp(Fleet.now.rawValue - 60_000),
                nextAt: Fleet.now + .seconds(540),
                sight: PathExtension.allCases.map { subject in
                    PathStanding.Sight(
                        subject, out: subject == .windowScaling ? .changed : .intact, back: .intact)
                }, here: phase == .gated ? gates : [],
                there: phase == .gated ? [PathGate(.windowScaling, at: .accepting)] : [],
                heldSince: phase == .gated ? Timestamp(Fleet.now.rawValue - 30_000) : .never, rate: rate,
                reason: reason, integrity: integrity)
        }
        return PathView(
            plan, device: Self.device, deviceName: "edge-1", far: ["branch-1"], standing: standing, problems: problems,
            isDecided: true, trust: trust)
    }

    @Test("A path on which somebody lies is said to be tampered with: by whose word, and with old and new value")
    func tampered() throws {
        var trust = PathTrust(PathTrust.Place(Self.device, PathName("wan/10.2.0.0/24")))
        _ = trust.confirmed(20_413, whyPlain: "", now: Fleet.now)
        let forged = PathIntegrity(.forged, epoch: 20_413, reason: "answered under the public functions")
        _ = trust.reported(forged, now: Fleet.now)
        let check = PathTrust.Check(
            at: Fleet.now, isKeyed: false,
            differences: [PathTrust.Difference(field: "option MSS", sent: "1460", arrived: "536")],
            contradictions: ["HNONAT intact by ipid", "HNONAT intact by window"])
        _ = trust.compared(check, alert: "x", now: Fleet.now)
        let path = try view(.blind, integrity: forged, trust: trust)
        #expect(PathsTable.phase(path) == Cell("blind, tampered", .bad))
        let text = DescribePath.text(path, events: [], now: Fleet.now, .plain)
        for line in [
            "Integrity    keyed, epoch 20413; answered without the key",
            "Tampered=true (PlainAnswer, for 0s): answered under the public functions; in the path: HNONAT intact by ipid",
            "the far end saw option MSS 1460 -> 536", "  option MSS 1460 -> 536",
            "but in the path: HNONAT intact by window",
        ] {
            #expect(text.contains(line), "\(line) in:\n\(text)")
        }
    }

    @Test("What vouches for a path is said: the key and its epoch, or why there is none")
    func integrity() throws {
        let keyed = try view(.clear, integrity: PathIntegrity(.keyed, epoch: 20_413))
        #expect(keyed.integrity == "keyed, epoch 20413" && !keyed.isTampered)
        var trust = PathTrust(PathTrust.Place(Self.device, PathName("wan/10.2.0.0/24")))
        _ = trust.confirmed(20_413, whyPlain: "", now: Fleet.now)
        #expect(try view(.clear, trust: trust).integrity == "keyed from the next look on, epoch 20413")
        _ = trust.confirmed(nil, whyPlain: "branch-1 takes no keys", now: Fleet.now)
        #expect(try view(.clear, trust: trust).integrity == "plain: branch-1 takes no keys")
        #expect(try view(.clear).integrity == "plain: no key was decided yet")
    }

    @Test("A row says what the path changes, what is gated, and when it is looked at next")
    func table() throws {
        let rows = [
            try view(.gated, rate: 9.4e8), try view(.blind, reason: "10.2.0.7 port 4545 refuses connections"),
            try view(nil, problems: ["edge-1 is away"]),
        ]
        #expect(
            PathsTable.table(rows, now: Fleet.now).text() == """
                DEVICE  PATH             PHASE         SINCE   CHANGED         GATES           NEXT LOOK
                edge-1  wan/10.2.0.0/24  gated         60s     window scaling  window scaling  in 9m
                edge-1  wan/10.2.0.0/24  blind         60s     window scaling  <none>          in 9m
                edge-1  wan/10.2.0.0/24  not reported  <none>  <none>          <none>          <none>
                """)
        let wide = PathsTable.table(rows, now: Fleet.now, wide: true).text()
        #expect(wide.contains("940 Mbit/s  10.2.0.7:4545  branch-1  <none>"), "\(wide)")
        #expect(wide.contains("10.2.0.7 port 4545 refuses connections"), "\(wide)")
        #expect(wide.contains("edge-1 is away"), "\(wide)")
    }

    @Test("A path in full: policy and verdict of each extension, gates at both ends, events")
    func describe() throws {
        let text = DescribePath.text(try view(.gated, rate: 4.0e9), events: [], now: Fleet.now, .plain)
        for line in [
            "Phase        gated, for 60s", "Throughput   4 Gbit/s when last measured",
            "window scaling  auto    changed  intact  yes", "ecn             proven  intact   intact  no",
            "Gates here (since 30s)", "  window scaling at the opening end", "  window scaling at the accepting end",
        ] {
            #expect(text.contains(line), "\(line) in:\n\(text)")
        }
    }

    @Test("Conditions of a path: by which generation, and in red what is not as it should be")
    func conditions() throws {
        var path = try view(.gated)
        path.generationDecided = Generation(4)
        path.generationConfirmed = Generation(3)
        path.conditions = [
            Condition(type: "Tampered", status: .no, reason: "Keyed", message: "it is signed", since: nil),
            Condition(
                type: "Confirmed", status: .no, reason: "Progressing", message: "edge-1 has not confirmed it",
                since: Fleet.ago(9)),
        ]
        let text = DescribePath.text(path, events: [], now: Fleet.now, .plain)
        #expect(text.contains("\nGeneration   3, wants 4\n"), "\(text)")
        #expect(text.contains("  Tampered=false (Keyed): it is signed\n"), "\(text)")
        #expect(text.contains("  Confirmed=false (Progressing, for 9s): edge-1 has not confirmed it\n"), "\(text)")
        let red = DescribePath.text(path, events: [], now: Fleet.now, Palette(enabled: true))
        #expect(red.contains("\u{1B}[31mConfirmed=false") && !red.contains("\u{1B}[31mTampered"))
        #expect(PathsTable.table([path], now: Fleet.now, wide: true).text().contains("no: Progressing"))
    }

    @Test(
        "Rates have three digits at most",
        arguments: [
            (0.0, "0 bit/s"), (512, "512 bit/s"), (12_345, "12.3 kbit/s"), (999_700, "1 Mbit/s"),
            (4.467e9, "4.5 Gbit/s"),
            (1.3e12, "1300 Gbit/s"),
        ] as [(Double, String)])
    func rates(rate: Double, text: String) {
        #expect(PathsTable.rate(rate) == text)
    }

    @Test("A path is waited for until each of its name rests as wanted; what holds it up is said")
    func wait() throws {
        let goal = WaitGoal.path("wan/10.2.0.0/24", .gated)
        #expect(goal.judge([.paths([try view(.gated)])], now: Fleet.now) == .met)
        #expect(
            goal.judge([.paths([try view(.gated), try view(.blind, reason: "it is silent")])], now: Fleet.now)
                == .waiting(["edge-1/wan/10.2.0.0/24 is blind for 60s: it is silent"]))
        let missing = APIFailure(.notFound, "there is no path 'wan/10.2.0.0/24'")
        #expect(
            goal.judge([.failure(missing)], now: Fleet.now) == .waiting(["nobody guards a path 'wan/10.2.0.0/24'"]))
    }

    @Test("A path is named with or without its device, or by its intent; -o name prints what is understood again")
    func names() throws {
        let path = try view(.clear)
        for name in ["wan/10.2.0.0/24", "edge-1/wan/10.2.0.0/24", "\(Self.device)/wan/10.2.0.0/24", "wan"] {
            #expect(path.answers(to: name))
        }
        #expect(!path.answers(to: "wan/10.2.0.0"))
        #expect(Listing.paths([path]).names == ["path/\(Self.device)/wan/10.2.0.0/24"])
        #expect(try Listing.paths([path]).json.contains("\"name\" : \"wan/10.2.0.0/24\""))
    }
}

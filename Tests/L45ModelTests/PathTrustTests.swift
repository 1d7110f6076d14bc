import L45Model
import Testing

@Suite("Whether a path can be trusted")
struct PathTrustTests {
    private let start = Timestamp(1_700_000_000_000)
    private let lowered = PathTrust.Difference(field: "option MSS", sent: "1460", arrived: "536")

    private func trust() -> PathTrust {
        PathTrust(PathTrust.Place(DeviceID("00112233445566778899aabbccddeeff"), PathName("wan/10.2.0.0/24")))
    }

    private func check(_ seconds: Int64, lie: Bool) -> PathTrust.Check {
        PathTrust.Check(
            at: start + .seconds(seconds), isKeyed: true, differences: lie ? [lowered] : [],
            contradictions: lie ? ["HFULL intact by ISN"] : [])
    }

    @Test("A key that is confirmed is told once, and so is that there is none any more, with the reason")
    func keyed() {
        var trust = trust()
        #expect(trust.confirmed(19_675, whyPlain: "", now: start).map(\.message) == ["path keyed"])
        #expect(trust.confirmed(19_675, whyPlain: "", now: start).isEmpty)
        let events = trust.confirmed(nil, whyPlain: "branch-1 takes no keys", now: start)
        #expect(events.map(\.message) == ["path no longer keyed"])
        #expect(events.first?.facts["reason"] == "branch-1 takes no keys")
    }

    @Test("An answer without the key raises one alert; silence neither convicts nor acquits; the key acquits")
    func plainAnswer() {
        var trust = trust()
        let forged = PathIntegrity(.forged, epoch: 7, reason: "answered under the public functions")
        let alert = trust.reported(forged, now: start)
        #expect(alert.map(\.severity) == [.alert])
        #expect(alert.first?.facts["cause"] == "PlainAnswer")
        #expect(trust.reported(forged, now: start).isEmpty)
        #expect(trust.reported(PathIntegrity(.unproven, epoch: 7, reason: "silence"), now: start).isEmpty)
        #expect(trust.isTampered)
        let condition = trust.condition(forged)
        #expect(condition.type == "Tampered" && condition.status == .yes && condition.reason == "PlainAnswer")
        #expect(
            trust.reported(PathIntegrity(.keyed, epoch: 7), now: start).map(\.message) == [
                "path no longer tampered with"
            ])
        #expect(trust.condition(PathIntegrity(.keyed, epoch: 7)).status == .no)
    }

    @Test("Views that disagree name old and new value, and are forgiven only by a later SYN on which they agree")
    func views() {
        var trust = trust()
        let alert = trust.compared(check(10, lie: true), alert: "HFULL intact by ISN", now: start)
        #expect(alert.map(\.message) == ["path tampered with"])
        #expect(alert.first?.facts["values"] == "option MSS 1460 -> 536")
        #expect(trust.condition(nil).message.contains("the far end saw option MSS 1460 -> 536"))
        // Of the same look, or of one before it that was told late.
        for seconds in [5, 10, 11] as [Int64] {
            #expect(trust.compared(check(seconds, lie: false), alert: nil, now: start).isEmpty)
        }
        #expect(trust.isTampered)
        let healed = trust.compared(check(13, lie: false), alert: nil, now: start)
        #expect(healed.map(\.message) == ["path no longer tampered with"])
        #expect(trust.compared == 5)
    }

    @Test("Two lies are one alert, and it ends with the second of them")
    func both() {
        var trust = trust()
        _ = trust.reported(PathIntegrity(.forged, epoch: 7), now: start)
        #expect(trust.compared(check(1, lie: true), alert: "x", now: start).isEmpty)
        #expect(trust.reported(PathIntegrity(.keyed, epoch: 7), now: start).isEmpty)
        #expect(trust.condition(nil).reason == "ViewsDisagree")
        #expect(trust.compared(check(9, lie: false), alert: nil, now: start).count == 1)
        #expect(!trust.isTampered)
    }

    @Test("Without a key it is not known whether somebody lies, unless the two ends' views agree")
    func plain() {
        var trust = trust()
        let plain = PathIntegrity(.plain, reason: "no device of the fleet answers")
        #expect(trust.condition(plain).status == .unknown)
        _ = trust.compared(check(1, lie: false), alert: nil, now: start)
        #expect(trust.condition(plain).status == .no && trust.condition(plain).reason == "ViewsAgree")
    }
}

import L45Model
import Testing

@Suite("Hands on an intent")
struct IntentHandsTests {
    private let noon = Timestamp(1_790_000_000_000)

    private func record(
        _ source: String = "one", epoch: UInt32 = 1, max: UInt32? = nil, paused: Bool = false
    ) -> IntentRecord {
        IntentRecord(
            name: IntentName("dns"), source: source, origin: "dns.yaml", epoch: Epoch(epoch),
            epochMax: Epoch(max ?? epoch),
            epochSince: noon, paused: paused)
    }

    private func hand(_ cause: String, _ manager: String? = nil, by: String? = nil) -> IntentHand {
        IntentHand(cause: cause, manager: manager, by: by, at: noon)
    }

    @Test("Each part keeps its own last writer: a rotation is no new document, and a pause no rotation")
    func parts() {
        let first = IntentHands().following(nil, record(), by: hand("operator", "ci", by: "alice"))
        #expect(first.document?.manager == "ci" && first.edition?.manager == "ci" && first.pause == nil)
        let rotated = first.following(record(), record(epoch: 2), by: hand("schedule"))
        #expect(rotated.document == first.document && rotated.edition?.tool == "schedule")
        let paused = rotated.following(record(epoch: 2), record(epoch: 2, paused: true), by: hand("pause", by: "bob"))
        #expect(paused.edition == rotated.edition && paused.pause?.tool == "l45 rollout pause")
        let undone = paused.following(
            record("two", epoch: 2), record("one", epoch: 1, max: 2), by: hand("undo", by: "bob"))
        #expect(undone.document?.manager == "ci", "an earlier document is taken from nobody")
        #expect(undone.document?.by == "bob" && undone.edition?.tool == "l45 rollout undo")
        let anew = undone.following(nil, record("three"), by: hand("operator", "b"))
        #expect(anew.document?.manager == "b" && anew.pause == nil, "what is made anew was nobody's before")
    }

    @Test("Causes that are no verb are told by their tool, or by who brought them")
    func tools() {
        #expect(hand("net@3f0c6d6b8f1a", "git/net").tool == "git/net")
        #expect(hand("operator").tool == "operator")
        #expect(hand("devices changed").tool == "orchestrator")
        #expect(hand("source removed", by: "alice").tool == "operator")
    }

    @Test(
        "Who is kept out by whom",
        arguments: [
            ("a", "b", true), ("a", "a", false), ("a", nil, true), ("a", "l45 apply", true), (nil, "a", true),
            ("l45 apply", "a", true), ("l45 apply", "l45 edit", false), (nil, "l45 apply", false), (nil, nil, false),
            ("git/net", "a", false), ("git/net", nil, false),
        ] as [(String?, String?, Bool)])
    func held(holder: String?, manager: String?, isHeld: Bool) {
        #expect(FieldManager.isHeld(by: hand("operator", holder), against: manager) == isHeld)
    }

    private func sentence(
        _ record: IntentRecord, next seconds: Int64?, _ timing: RotationTiming = .every(.seconds(6 * 3600))
    ) -> String {
        ScheduleView(timing, next: seconds.map { noon + .seconds($0) }, record: record, now: noon)
            .sentence(IntentName("dns"), now: noon)
    }

    @Test("A schedule says what it does next, and who can hold it")
    func schedule() {
        let at = APITime(noon + .seconds(60))
        #expect(sentence(record(), next: 60) == "its schedule (every 6h) rotates it next at \(at)")
        #expect(sentence(record(), next: -1) == "its schedule (every 6h) rotates it as soon as its flows are settled")
        #expect(
            sentence(record(epoch: 1, max: 2), next: 60)
                == "its schedule (every 6h) rotates again at \(at), to a new edition; 'l45 rollout pause dns' holds it")
        #expect(
            sentence(record(epoch: 1, max: 2), next: 0)
                == "its schedule (every 6h) leaves this edition again as soon as its flows are settled; "
                + "'l45 rollout pause dns' holds it")
        #expect(
            sentence(record(paused: true), next: 60)
                == "its schedule (every 6h) is held while it is paused; after 'l45 rollout resume dns' it rotates at \(at)"
        )
        #expect(sentence(record(paused: true), next: -60).hasSuffix("it rotates at once"))
        #expect(sentence(record(), next: nil) == "its schedule (every 6h) never comes")
    }
}

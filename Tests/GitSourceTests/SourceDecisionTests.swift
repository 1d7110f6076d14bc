import GitSource
import L45Model
import Testing

@Suite("What to do with a commit")
struct SourceDecisionTests {
    private let now = Timestamp(1_000_000)
    private let old = String(repeating: "a", count: 40)
    private let new = String(repeating: "b", count: 40)

    private func standing(applied: String? = nil) -> SourceStanding {
        var standing = SourceStanding(addedAt: now, addedBy: "root", scope: .everything)
        standing.applied = applied
        return standing
    }

    private func spec(
        force: Bool = false, signature: SignatureDemand? = nil, drift: SourceDrift = .correct
    ) -> SourceSpec {
        SourceSpec(name: "net", url: "/srv/net", drift: drift, allowsForcePush: force, signature: signature)
    }

    private func sight(
        _ ancestry: SourceDecision.Ancestry, _ signature: SourceDecision.Signature = .notAskedFor
    ) -> SourceDecision.Sight {
        SourceDecision.Sight(
            head: GitCommit(id: new, author: "Jane", subject: "Change", isSigned: false), ancestry: ancestry,
            signature: signature)
    }

    private func reason(_ decision: SourceDecision) -> SourceStall.Reason? {
        if case .stall(let stall) = decision { stall.reason } else { nil }
    }

    @Test("A first commit and one that goes on are applied")
    func applied() {
        for ancestry in [SourceDecision.Ancestry.first, .descends, .same] {
            let decision = SourceDecision.decide(spec(), standing(), sight(ancestry), unready: [], now: now)
            #expect(decision == .apply)
        }
    }

    @Test("A rewritten history is refused, with both commits and the way out, unless it is allowed")
    func forcePush() {
        let decision = SourceDecision.decide(
            spec(), standing(applied: old), sight(.diverged), unready: [], now: now)
        guard case .stall(let stall) = decision else { return #expect(Bool(false), "\(decision)") }
        #expect(stall.reason == .forcePushed)
        #expect(stall.message.contains(new.prefix(12)) && stall.message.contains(old.prefix(12)))
        #expect(stall.message.contains("--allow-force-push"))
        let allowed = SourceDecision.decide(
            spec(force: true), standing(applied: old), sight(.diverged), unready: [], now: now)
        #expect(allowed == .apply)
    }

    @Test("Signatures: a good one is taken, a wrong one never, none where none is required")
    func signatures() {
        let required = SignatureDemand(.ssh, keys: "x")
        let optional = SignatureDemand(.ssh, keys: "x", required: false)
        func decide(_ demand: SignatureDemand, _ signature: SourceDecision.Signature) -> SourceDecision {
            SourceDecision.decide(
                spec(signature: demand), standing(), sight(.first, signature), unready: [], now: now)
        }
        #expect(decide(required, .good) == .apply)
        #expect(reason(decide(required, .unsigned)) == .notSigned)
        #expect(reason(decide(required, .bad("no such key"))) == .badSignature)
        #expect(decide(optional, .unsigned) == .apply)
        #expect(reason(decide(optional, .bad("no such key"))) == .badSignature)
    }

    @Test("A signature is looked at before history: who can not sign learns nothing of policy")
    func order() {
        let decision = SourceDecision.decide(
            spec(signature: SignatureDemand(.gpg, keys: "x")), standing(applied: old), sight(.diverged, .unsigned),
            unready: [], now: now)
        #expect(reason(decision) == .notSigned)
    }

    @Test("It waits for the sources that it comes after")
    func dependencies() {
        let decision = SourceDecision.decide(spec(), standing(), sight(.first), unready: ["b", "a"], now: now)
        guard case .stall(let stall) = decision else { return #expect(Bool(false), "\(decision)") }
        #expect(stall.reason == .dependency && stall.message.contains("a, b"))
    }

    @Test("A stall that goes on began when it began")
    func since() {
        var before = standing(applied: old)
        let first = SourceDecision.decide(spec(), before, sight(.diverged), unready: [], now: now)
        guard case .stall(let stall) = first else { return #expect(Bool(false)) }
        before.stall = stall
        let again = SourceDecision.decide(
            spec(), before, sight(.diverged), unready: [], now: Timestamp(now.rawValue + 60_000))
        #expect(again == first)
    }

    @Test("Nothing is fetched for a repository that is as it was, unless something else differs")
    func settled() {
        let applied = standing(applied: old)
        func settled(
            _ head: String, _ standing: SourceStanding, _ spec: SourceSpec, drifted: Bool = false, changed: Bool = false
        ) -> Bool {
            SourceDecision.isSettled(head: head, spec, standing, drifted: drifted, specChanged: changed)
        }
        #expect(settled(old, applied, spec()))
        #expect(!settled(new, applied, spec()))
        #expect(!settled(old, applied, spec(), drifted: true))
        #expect(settled(old, applied, spec(drift: .keep), drifted: true))
        #expect(!settled(old, applied, spec(), changed: true))
        var stalled = applied
        stalled.stall = SourceStall(.badIntents, "no", commit: old, since: now)
        #expect(!settled(old, stalled, spec()))
    }

    @Test("A suspended source rests")
    func suspended() {
        var suspended = standing()
        suspended.suspended = true
        #expect(SourceDecision.decide(spec(), suspended, sight(.first), unready: [], now: now) == .rest)
    }
}

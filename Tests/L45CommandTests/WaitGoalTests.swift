import L45Model
import Testing

@testable import L45Command

@Suite("What a wait waits for")
struct WaitGoalTests {
    private func judge(_ goal: WaitGoal, _ answers: APIResponse...) -> WaitGoal.Verdict {
        goal.judge(answers, now: Fleet.now)
    }

    @Test("Settled: the phase, since when, on which device and why")
    func unsettled() {
        #expect(
            judge(.settled(Fleet.dns), .intents([Fleet.intent()]), .rollouts([Fleet.rollout()]))
                == .waiting([
                    "flow dns/0 is in flip-clients for 12s, waits for resolver-1: has not confirmed generation 7 "
                        + "(last report 6, 15 s ago)"
                ]))
    }

    @Test("Settled is met when the intent is ready and every flow is at its epoch")
    func settled() {
        let rollout = Fleet.rollout(.settled, waiting: [])
        #expect(
            judge(.settled(Fleet.dns), .intents([Fleet.intent(phase: .settled, ready: true)]), .rollouts([rollout]))
                == .met)
    }

    @Test("A flow that has settled at the edition before is not settled, whatever 'ready' says")
    func olderEdition() {
        let rollout = Fleet.rollout(.settled, epoch: 3, waiting: [])
        #expect(
            judge(.settled(Fleet.dns), .intents([Fleet.intent(phase: .settled, ready: true)]), .rollouts([rollout]))
                == .waiting(["flow dns/0 is at epoch 3, not yet on its way to epoch 4"]))
    }

    @Test("A revision that no pass has looked at is not settled")
    func unseenRevision() {
        let intent = Fleet.intent(revision: 3, observed: 2, phase: .settled, ready: true)
        #expect(
            judge(.settled(Fleet.dns), .intents([intent]), .rollouts([Fleet.rollout(.settled, waiting: [])]))
                == .waiting(["revision 3 is not looked at yet, only 2"]))
    }

    @Test("A paused rollout says who can let it go on")
    func paused() {
        let verdict = judge(
            .settled(Fleet.dns), .intents([Fleet.intent(paused: true)]), .rollouts([Fleet.rollout(waiting: [])]))
        #expect(
            verdict
                == .waiting([
                    "flow dns/0 is in flip-clients for 12s",
                    "the rollout is paused: 'l45 rollout resume dns' lets it go on",
                ]))
    }

    private func haltedRollout(epoch: UInt32 = 4) -> RolloutView {
        var rollout = Fleet.rollout(epoch: epoch)
        rollout.halted = RolloutView.Halt(cause: .deadline, reason: "not done within 2m", at: nil)
        return rollout
    }

    @Test("A halted rollout is not waited for: it says why, and what lets it go on")
    func halted() {
        #expect(
            judge(.settled(Fleet.dns), .intents([Fleet.intent()]), .rollouts([haltedRollout()]))
                == .halted([
                    "flow dns/0 is halted: not done within 2m",
                    "'l45 rollout retry dns' goes on, 'l45 rollout undo dns' goes back",
                ]))
    }

    @Test("A halt of the edition before, or under a revision that no pass has looked at, ends no wait")
    func olderHalt() {
        for (intent, rollout) in [
            (Fleet.intent(), haltedRollout(epoch: 3)), (Fleet.intent(revision: 3, observed: 2), haltedRollout()),
        ] {
            guard case .waiting(let lines) = judge(.settled(Fleet.dns), .intents([intent]), .rollouts([rollout])) else {
                Issue.record("the wait ended")
                continue
            }
            #expect(lines.contains("flow dns/0 is halted: not done within 2m"))
        }
    }

    @Test("Not ready without a flow: the condition's own words")
    func condition() {
        #expect(
            judge(.settled(Fleet.dns), .intents([Fleet.intent(phase: nil)]), .rollouts([]))
                == .waiting(["not ready for 12s: resolver-1 is away"]))
    }

    @Test("An intent that is not there can not settle")
    func absent() {
        let failure = APIFailure(.notFound, "there is no intent 'dns'")
        #expect(judge(.settled(Fleet.dns), .failure(failure), .rollouts([])) == .hopeless(failure))
    }

    @Test("Deleted is met when the intent is gone and its flows too")
    func deleted() {
        let gone = APIResponse.failure(APIFailure(.notFound, "there is no intent 'dns'"))
        #expect(judge(.deleted(Fleet.dns), gone, .rollouts([])) == .met)
        #expect(judge(.deleted(Fleet.dns), .intents([]), .rollouts([])) == .met)
        #expect(
            judge(.deleted(Fleet.dns), gone, .rollouts([Fleet.rollout(.drain, epoch: nil, waiting: [], since: 90)]))
                == .waiting(["flow dns/0 is in drain for 90s"]))
        #expect(
            judge(.deleted(Fleet.dns), .intents([Fleet.intent(deleting: true)]), .rollouts([]))
                == .waiting(["the intent is being withdrawn"]))
    }

    @Test("Waiting for the deletion of what nobody deleted says how to")
    func neverDeleted() {
        #expect(
            judge(.deleted(Fleet.dns), .intents([Fleet.intent()]), .rollouts([]))
                == .waiting(["nobody has deleted it: 'l45 delete intent dns' does"]))
    }

    @Test("Connected: away since when, never seen, not enrolled, there")
    func connected() {
        #expect(
            judge(.connected("resolver-1"), .devices([Fleet.resolver]))
                == .waiting(["device resolver-1 is away for 12s"]))
        #expect(judge(.connected("fresh"), .devices([Fleet.fresh])) == .waiting(["device fresh has never connected"]))
        #expect(
            judge(.connected("x"), .failure(APIFailure(.notFound, "no"))) == .waiting(["no device 'x' has enrolled"]))
        #expect(judge(.connected("client-1"), .devices([Fleet.client])) == .met)
    }

    private func module(_ status: Condition.Status, _ reason: String, _ message: String) -> APIResponse {
        var module = Fleet.modules[0]
        module.conditions = [
            Condition(type: "Confirmed", status: status, reason: reason, message: message, since: Fleet.ago(9))
        ]
        return .modules([module])
    }

    @Test("Confirmed: what the tap has and what it was told, on which device, since when; gone, it may yet come")
    func confirmed() {
        let goal = WaitGoal.confirmed("2a")
        #expect(judge(goal, module(.yes, "Confirmed", "its tap has it")) == .met)
        #expect(
            judge(goal, module(.no, "Progressing", "its tap does not have it"))
                == .waiting(["client-1: its tap does not have it, for 9s"]))
        #expect(
            judge(goal, .failure(APIFailure(.notFound, "no")))
                == .waiting(["no device has a module '2a' in its table"]))
        guard case .hopeless(let failure) = judge(goal, .modules([Fleet.modules[0]])) else {
            Issue.record("an orchestrator that knows no conditions is waited for")
            return
        }
        #expect(failure.hint == "it is of an earlier release: upgrade it")
    }

    private static let commits = ["a", "b"].map { String(repeating: $0, count: 40) }

    private func source(
        observed: String, applied: String?, stall: SourceStall? = nil, suspended: Bool = false,
        health: SourceHealth = .healthy
    ) -> APIResponse {
        var standing = SourceStanding(addedAt: Fleet.ago(99), addedBy: "root", scope: .everything)
        standing.observed = observed
        standing.attempted = stall?.commit ?? applied
        standing.applied = applied
        standing.stall = stall
        standing.suspended = suspended
        standing.lookedAt = Fleet.ago(7)
        return .sources([
            SourceView(
                SourceSpec(name: "net", url: "/srv/net"), standing, intents: [], drifted: [], health: health,
                now: Fleet.now)
        ])
    }

    @Test("Applied: at what the repository has, or at the commit that is named, and why not")
    func applied() {
        let (old, new) = (Self.commits[0], Self.commits[1])
        let any = WaitGoal.applied("net", commit: nil)
        let named = WaitGoal.applied("net", commit: "bbbbbbb")
        #expect(judge(any, source(observed: new, applied: new)) == .met)
        #expect(judge(named, source(observed: new, applied: new)) == .met)
        let behind = WaitGoal.Verdict.waiting([
            "its repository was last seen at aaaaaaaaaaaa, looked at 7s ago; aaaaaaaaaaaa is applied"
        ])
        #expect(judge(named, source(observed: old, applied: old)) == behind)
        #expect(
            judge(any, source(observed: new, applied: old, suspended: true))
                == .waiting(["it is suspended: 'l45 source resume net' goes on"]))
        let away = SourceStall(.unreachable, "it does not answer", since: Fleet.ago(5))
        #expect(
            judge(named, source(observed: old, applied: old, stall: away))
                == .waiting(["it does not answer; aaaaaaaaaaaa stays in force"]))
        let none = APIFailure(.notFound, "there is no source 'net'")
        #expect(judge(any, .failure(none)) == .hopeless(none))
    }

    @Test("A commit that is refused ends the wait for it, with its faults; who waits for any may yet get a better one")
    func refusedCommit() {
        let (old, new) = (Self.commits[0], Self.commits[1])
        let stall = SourceStall(
            .badIntents, "the intents have 1 fault", diagnostics: ["net@bbb:dns.yaml:5:5: error: no\n   5 | x"],
            commit: new, since: Fleet.ago(5))
        let seen = source(observed: new, applied: old, stall: stall)
        let lines = [
            "commit bbbbbbbbbbbb is refused: the intents have 1 fault", "net@bbb:dns.yaml:5:5: error: no", "   5 | x",
            "another commit goes on; 'l45 describe source net' has all of it",
        ]
        #expect(judge(.applied("net", commit: "bbbb"), seen) == .halted(lines))
        #expect(judge(.applied("net", commit: "cccc"), seen) == .waiting(lines))
        #expect(judge(.applied("net", commit: nil), seen) == .waiting(lines))
        #expect(judge(.applied("net", commit: "aaaa"), seen) == .met, "it stays in force")
    }

    @Test("Healthy: applied, and every intent of it settled")
    func healthy() {
        let commit = Self.commits[0]
        #expect(judge(.healthy("net"), source(observed: commit, applied: commit)) == .met)
        let health = SourceHealth.progressing(waiting: 1, of: 3, first: "'dns' is in phase drain")
        #expect(
            judge(.healthy("net"), source(observed: commit, applied: commit, health: health))
                == .waiting(["1 of 3 intents on the way; 'dns' is in phase drain"]))
    }

    @Test("What --for takes: a word, and a commit behind 'applied' alone")
    func conditions() {
        #expect(WaitCommand.Condition(argument: "applied=4B825DC642CB")?.commit == "4b825dc642cb")
        #expect(WaitCommand.Condition(argument: "settled")?.word == .settled)
        for text in ["", "done", "settled=4b825dc6", "applied=", "applied=main", "applied=4b8"] {
            #expect(WaitCommand.Condition(argument: text) == nil, "\(text)")
        }
    }

    @Test("A refusal ends the wait, a shutdown does not")
    func refusals() {
        let conflict = APIFailure(.conflict, "'web' fits 2 devices")
        #expect(judge(.connected("web"), .failure(conflict)) == .hopeless(conflict))
        #expect(
            judge(.settled(Fleet.dns), .failure(APIFailure(.unavailable, "stopping")), .rollouts([]))
                == .waiting(["the orchestrator says: stopping"]))
    }
}

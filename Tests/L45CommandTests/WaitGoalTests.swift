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

    @Test("A refusal ends the wait, a shutdown does not")
    func refusals() {
        let conflict = APIFailure(.conflict, "'web' fits 2 devices")
        #expect(judge(.connected("web"), .failure(conflict)) == .hopeless(conflict))
        #expect(
            judge(.settled(Fleet.dns), .failure(APIFailure(.unavailable, "stopping")), .rollouts([]))
                == .waiting(["the orchestrator says: stopping"]))
    }
}

import L45Model
import Testing

@testable import L45Command

@Suite("Why a rollout is not done")
struct WhyTextTests {
    private func view(_ course: RolloutCourse, waiting: [RolloutView.Waiting] = []) -> RolloutView {
        var view = RolloutView(
            RolloutStatus(
                intent: Fleet.dns, flow: Fleet.flow, epoch: Epoch(4), phase: .flipClients, paused: false, waiting: [],
                since: Fleet.now + .seconds(-12), course: course),
            names: [:])
        view.waiting = waiting
        return view
    }

    @Test("The device, what it lacks, since when, what is done about it, what comes next, and when all ends")
    func waits() {
        var rollout = view(RolloutCourse(began: Fleet.now, waves: 6), waiting: Fleet.rollout().waiting)
        rollout.waiting[0].since = APITime(Fleet.now + .seconds(-9))
        rollout.waiting[0].next = "is sent the table again"
        rollout.waiting[0].nextAt = APITime(Fleet.now + .seconds(1))
        rollout.next = "the next wave of clients begins to send edition 4"
        rollout.haltsAt = APITime(Fleet.now + .seconds(3600))
        #expect(
            WhyText.text([rollout], now: Fleet.now) == """
                dns/0 is not done: to epoch 4, in phase flip-clients for 12s
                  wave 1 of 6
                  waits for:
                    resolver-1: has not confirmed generation 7 (last report 6, 15 s ago), for 9s; it is sent the table again in 1s
                  next: the next wave of clients begins to send edition 4
                  halts in 60m if it is not done by then
                """)
    }

    @Test("A halted one says why and since when; a settled one that it is done")
    func ends() {
        var course = RolloutCourse(began: Fleet.now, waves: 2)
        course.halt = RolloutCourse.Halt(
            cause: .errorBudget, reason: "3 undecoded in edition 4", at: Fleet.now + .seconds(-60))
        var halted = view(course)
        halted.next = "nothing moves until 'l45 rollout retry dns'"
        #expect(
            WhyText.text([halted, Fleet.rollout(.settled, waiting: [])], now: Fleet.now) == """
                dns/0 is not done: to epoch 4, in phase flip-clients for 12s
                  halted 60s ago: 3 undecoded in edition 4
                  wave 1 of 2
                  waits for no device
                  next: nothing moves until 'l45 rollout retry dns'

                dns/0 is done: settled at epoch 4 for 12s
                """)
        #expect(RolloutsTable.table([halted], now: Fleet.now).text().contains("flip-clients (halted)"))
    }

    private func intent(_ ready: Bool, _ conditions: [(String, String)]) -> IntentView {
        var view = Fleet.intent(ready: ready)
        view.conditions = conditions.map {
            Condition(type: $0.0, status: .yes, reason: "x", message: $0.1, since: nil)
        }
        return view
    }

    @Test("An intent that no longer fits, one that adds to another, one that has no flow: each says so")
    func intents() {
        let done = Fleet.rollout(.settled, waiting: [])
        #expect(
            WhyText.text(
                intent(false, [("Ready", "x"), ("Fits", "no resolver is left; its modules stay as they are")]), [done],
                now: Fleet.now) == """
                    dns/0 is done: settled at epoch 4 for 12s

                    intent/dns is not done: x

                    fits: no resolver is left; its modules stay as they are
                    """)
        #expect(
            WhyText.text(
                intent(false, [("Ready", "resolver-1 is away"), ("After", "is one module with intent 'web'")]), [],
                now: Fleet.now) == """
                    intent/dns is not done: resolver-1 is away

                    after: is one module with intent 'web'
                    """)
        #expect(
            WhyText.text(intent(true, [("Ready", "every tap runs it")]), [done], now: Fleet.now)
                == "dns/0 is done: settled at epoch 4 for 12s")
    }

    @Test("A level that is not reached names the devices that it waits for")
    func level() {
        let standing = PostureStanding(
            posture: IntentName("cpcon"), level: PostureLevel("CPCON2"), by: "alice@ops", via: .command,
            since: Fleet.now + .seconds(-30))
        var waiting = Fleet.rollout().waiting
        waiting[0].reason = "is away since noon"
        waiting[0].since = APITime(Fleet.now + .seconds(-9))
        waiting[0].next = "gets its table when it is back"
        var posture = PostureView(
            standing, declared: PostureLevel("CPCON5"), devices: 2, devicesReady: 1, waiting: waiting,
            held: [Fleet.dns], levels: [])
        #expect(
            WhyText.text(posture, now: Fleet.now) == """
                posture/cpcon is not done: to CPCON2 for 30s, 1 of 2 devices run it
                  held: dns, paused or halted
                  waits for:
                    resolver-1: is away since noon, for 9s; it gets its table when it is back
                """)
        posture.waiting = []
        posture.reachedAt = APITime(Fleet.now)
        posture.tookMilliseconds = 900
        #expect(
            WhyText.text(posture, now: Fleet.now)
                == "posture/cpcon is done: at CPCON2 for 30s, reached within 900ms")
    }

    @Test("What the verbs say")
    func verbs() {
        func said(_ verb: RolloutRequest.Verb, _ changed: Bool) -> String {
            RolloutText.text(
                RolloutResult(intent: Fleet.dns, verb: verb, epoch: Epoch(4), paused: false, changed: changed),
                now: Fleet.now)
        }
        #expect(said(.retry, true) == "intent/dns goes on to epoch 4")
        #expect(said(.retry, false) == "intent/dns was not halted, it is at epoch 4")
    }

    @Test("An undo says below it what the schedule does next, and whose document it set aside")
    func undo() {
        var result = RolloutResult(intent: Fleet.dns, verb: .undo, epoch: Epoch(3), paused: false, changed: true)
        let next = Fleet.now + .seconds(60)
        result.schedule = ScheduleView(
            .every(.seconds(21_600)), next: next,
            record: IntentRecord(
                name: Fleet.dns, source: "", origin: "", epoch: Epoch(3), epochMax: Epoch(4), epochSince: Fleet.now),
            now: Fleet.now)
        result.notes = ["'ci' holds it"]
        #expect(
            RolloutText.text(result, now: Fleet.now) == """
                intent/dns goes back to epoch 3
                  its schedule (every 6h) rotates again at \(APITime(next)), to a new edition; 'l45 rollout pause dns' holds it
                  'ci' holds it
                """)
    }
}

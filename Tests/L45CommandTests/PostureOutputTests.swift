import L45Model
import Testing

@testable import L45Command

@Suite("The posture on the screen")
struct PostureOutputTests {
    private static let low = PostureLevel("CPCON4")
    private static let high = PostureLevel("CPCON2")

    private func posture(reached: Bool, waiting: [RolloutView.Waiting] = []) -> PostureView {
        var standing = PostureStanding(
            posture: IntentName("cpcon"), level: Self.high, previous: Self.low, by: "alice@ops", via: .command,
            since: Fleet.now + .seconds(-60))
        if reached { standing.reachedAt = standing.since + .milliseconds(420) }
        return PostureView(
            standing, declared: Self.low, devices: 2, devicesReady: 2 - waiting.count, waiting: waiting, held: [],
            levels: [
                PostureView.Level(
                    name: Self.low, current: false, inForce: ["weak"].map { IntentName($0) },
                    begins: [IntentName("weak")], rests: [IntentName("strong")], devices: 2),
                PostureView.Level(
                    name: Self.high, current: true, inForce: [IntentName("strong")], begins: [], rests: [], devices: 0),
            ])
    }

    @Test("Level, author, the document's other opinion, the time it took, and what each level would change")
    func describe() {
        #expect(
            DescribePosture.text(posture(reached: true), events: nil, now: Fleet.now, .plain) == """
                Posture   cpcon
                Level     CPCON2
                Set by    'l45 threat-level' of alice@ops, 60s ago
                Document  says CPCON4
                Before    CPCON4
                Reached   420ms from the word to the last tap
                Devices   2 of 2 run it
                Levels, the lowest first
                  POSTURE  LEVEL   NOW      IN FORCE  WOULD BEGIN  WOULD REST  DEVICES
                  cpcon    CPCON4           weak      weak         strong      2
                  cpcon    CPCON2  reached  strong    <none>       <none>      2/2
                """)
    }

    @Test("A wait for a level names the devices that lag, and ends when the last one has confirmed")
    func wait() {
        let laggard = RolloutView.Waiting(device: DeviceID("d1"), deviceName: "web-1", reason: "is away")
        let goal = WaitGoal.level(Self.high)
        #expect(goal.judge([.posture([posture(reached: true)])], now: Fleet.now) == .met)
        #expect(
            goal.judge([.posture([posture(reached: false, waiting: [laggard])])], now: Fleet.now)
                == .waiting(["level CPCON2 waits for web-1: is away"]))
        #expect(
            WaitGoal.level(Self.low).judge([.posture([posture(reached: true)])], now: Fleet.now)
                == .waiting(["the level is CPCON2: 'l45 threat-level CPCON4' changes it"]))
        #expect(goal.judge([.posture([])], now: Fleet.now) == .waiting(["no posture is applied"]))
    }
}

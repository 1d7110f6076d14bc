import Agent
import ControlChannel
import KernelTap
import L45Model
import Testing

@Suite("What the agent says, and when")
struct ReportTests {
    let seven = Modules.table(7, Modules.entry(1))
    let eight = Modules.table(8, Modules.entry(1, .deprecated), Modules.entry(2))

    @Test("A report follows each connection, each request, and each interval; none goes out without a connection")
    func occasions() {
        var story = Story()
        #expect(story.tell(.started) == [])
        #expect(story.pass(.seconds(120)) == [])
        #expect(story.tell(.connected).reports.count == 1)
        story.receive(.welcome(Story.device, reportEvery: .seconds(10)))
        #expect(story.pass(.seconds(35)).reports.count == 3)
        #expect(story.receive(.reportWanted).reports.count == 1)
        story.tell(.disconnected)
        #expect(story.pass(.seconds(35)) == [])
        #expect(story.tell(.connected).reports.count == 1)
    }

    @Test("A table is reported in force when the tap says so, found out by polls that grow rarer")
    func settles() {
        var story = Story.connected()
        story.receive(.set(seven))
        story.tap.hold()
        #expect(story.receive(.set(eight)).reports == [])
        #expect(story.pass(.milliseconds(1500)).reports == [])
        story.tap.release()
        let reports = story.pass(.seconds(1)).reports
        #expect(reports.map(\.generation) == [Generation(8)])
        #expect(reports.first?.modules.map(\.state) == [.deprecated, .active])
    }

    @Test("The polls of an unsettled tap double from 20 ms to 1 s")
    func polls() {
        var settling = AgentMachine(identity: Story.facts)
        var now = Timestamp(0)
        _ = settling.handle(.started, now: now)
        _ = settling.handle(.read(TapReading()), now: now)
        _ = settling.handle(.set(seven, unfit: nil), now: now)
        _ = settling.handle(.ledgerStored(Generation(7)), now: now)
        _ = settling.handle(.published(Generation(7)), now: now)
        var waits: [Int64] = []
        for _ in 0..<8 {
            _ = settling.handle(.read(TapReading(inForce: .none, published: Generation(7))), now: now)
            waits.append((settling.wakeAt - now).milliseconds)
            now = settling.wakeAt
            #expect(settling.handle(.tick, now: now) == [.readTap])
        }
        #expect(waits == [20, 40, 80, 160, 320, 640, 1000, 1000])
    }

    @Test("A tapped process that stays inside an old call is reported as what holds the table back")
    func stuck() throws {
        var story = Story.connected()
        story.receive(.set(seven))
        story.tap.hold()
        story.receive(.set(eight))
        let report = try #require(story.pass(.seconds(11)).reports.last)
        #expect(report.generation == Generation(7))
        #expect(report.tableDigest == (try seven.contentDigest()))
        #expect(report.modules.map(\.state) == [.active])
        #expect(report.problems.count == 1)
        #expect(report.problems.first?.contains("still inside a call that began under generation 7") == true)
    }

    @Test("What changes is told with the next look at the tap, and once; traffic alone waits for its time")
    func onChange() {
        var story = Story.connected()
        story.receive(.set(seven))
        var shown = ModuleReport(id: ModuleID(1), state: .active)
        shown.statistics.messagesSent = 5
        story.tap.show(shown)
        let look = AgentInput.noticed(TapNotice(kind: .table, text: ""))
        #expect(story.tell(look).reports == [])
        shown.activeAt = Timestamp(77)
        story.tap.show(shown)
        #expect(story.tell(look).reports.map { $0.modules.map(\.activeAt) } == [[Timestamp(77)]])
        shown.activeAt = Timestamp(78)
        story.tap.show(shown)
        #expect(story.tell(look).reports == [])
        #expect(story.tell(.noticed(TapNotice(kind: .alert, text: "forged tags"))).reports.count == 1)
    }

    @Test("Counters come from the tap")
    func counters() {
        var story = Story.connected()
        story.receive(.set(seven))
        var shown = ModuleReport(id: ModuleID(1), state: .active, sockets: 3, activeAt: Timestamp(77))
        shown.statistics.messagesSent = 5
        story.tap.show(shown)
        story.tap.show(processes: 4)
        let report = story.receive(.reportWanted).reports.first
        #expect(report?.modules == [shown])
        #expect(report?.processes == 4)
    }

    @Test("A tap that can not be read is told as an event; nothing is made up in its place")
    func unreadable() {
        var story = Story.connected()
        story.receive(.set(seven))
        story.tap.failRead(with: .system(operation: "read", path: "/tap", errno: 5))
        let messages = story.pass(.seconds(30))
        #expect(messages.reports == [])
        #expect(messages.events.map(\.message) == ["tap can not be read"])
        story.tap.failRead(with: nil)
        #expect(story.pass(.seconds(2)).reports.map(\.generation) == [Generation(7)])
    }

    @Test("Whatever fails, the agent is not woken without pause")
    func calm() {
        var story = Story.connected()
        story.receive(.set(seven))
        let fault = TapError.system(operation: "use", path: "/tap", errno: 5)
        story.tap.failPublish(with: fault)
        story.receive(.set(eight))
        story.tap.failRead(with: fault)
        story.pass(.seconds(5))
        var wakes = 0
        let end = story.now + .seconds(60)
        while story.machine.wakeAt < end, wakes < 1000 {
            #expect(story.machine.wakeAt > story.now)
            story.now = story.machine.wakeAt
            story.tell(.tick)
            wakes += 1
        }
        #expect((30...61).contains(wakes))
    }

    @Test("What happened while nobody was connected is told at the next connection, the latest 256 of it")
    func unsentEvents() {
        var story = Story(ledger: Ledger(table: seven, takenAt: Timestamp(1)))
        story.tell(.started)
        let messages = story.tell(.connected)
        #expect(messages.events.map(\.message) == ["module installed", "module activated"])
        #expect(story.tell(.connected).events == [])
        story.tell(.disconnected)
        for round in 0..<300 {
            story.tell(.readFailed(reason: "round \(round)"))
        }
        let kept = story.tell(.connected).events
        #expect(kept.count == 256)
        #expect(kept.last?.facts["reason"] == "round 299")
    }

    @Test("A clock that is set back by a day does not silence the agent")
    func clockBack() {
        var story = Story.connected()
        story.receive(.set(seven))
        story.now = story.now + .milliseconds(-86_400_000)
        story.tell(.tick)
        #expect(story.pass(.seconds(11)).reports.count == 1)
        story.tap.hold()
        story.receive(.set(eight))
        story.now = story.now + .milliseconds(-86_400_000)
        story.tap.release()
        story.tell(.tick)
        #expect(story.pass(.seconds(1)).reports.map(\.generation) == [Generation(8)])
    }

    @Test("An orchestrator can not make the agent report without pause or never")
    func intervals() {
        var story = Story.connected()
        story.receive(.welcome(Story.device, reportEvery: .zero))
        #expect(story.pass(.seconds(1)).reports.count <= 11)
        story.receive(.welcome(Story.device, reportEvery: .seconds(1_000_000)))
        #expect(story.pass(.seconds(7300)).reports.count >= 2)
    }
}

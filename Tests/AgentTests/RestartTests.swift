import Agent
import ControlChannel
import KernelTap
import L45Model
import Testing

@Suite("Starting again on what is there")
struct RestartTests {
    let seven = Modules.table(7, Modules.entry(1))
    let eight = Modules.table(8, Modules.entry(1, .deprecated), Modules.entry(2))
    var ledgerOfSeven: Ledger { Ledger(table: seven, takenAt: Timestamp(1)) }
    var ledgerOfEight: Ledger { Ledger(table: eight, takenAt: Timestamp(2)) }

    @Test("After a boot the ledger is put in force before anybody is asked")
    func boot() {
        var story = Story(ledger: ledgerOfSeven)
        story.tell(.started)
        #expect(story.tap.table == seven)
        #expect(story.machine.hello.ledgerGeneration == Generation(7))
    }

    @Test("After a crash between ledger and tap the tap is brought up to the ledger")
    func behind() {
        let tap = SimulatedTap()
        #expect(throws: Never.self) { try tap.publish(seven) }
        tap.loseTables()
        var story = Story(tap: tap, ledger: ledgerOfEight)
        story.tell(.started)
        #expect(tap.table == eight)
        #expect(story.tell(.connected).events.map(\.message) == ["table put in force again"])
    }

    @Test("A restart alone changes nothing, tells nothing, and reports the modules at once")
    func restart() throws {
        let tap = SimulatedTap()
        try tap.publish(seven)
        tap.loseTables()
        var story = Story(tap: tap, ledger: ledgerOfSeven)
        story.tell(.started)
        let messages = story.tell(.connected)
        #expect(messages.events == [])
        #expect(messages.reports.first?.modules.map(\.id) == [ModuleID(1)])
        #expect(messages.reports.first?.problems == [])
        #expect(tap.publishCount == 1)
    }

    @Test("A tap that is wiped while the orchestrator is away is filled again from the ledger")
    func wiped() {
        var story = Story.connected()
        story.receive(.set(seven))
        story.tell(.disconnected)
        story.tap.wipe()
        story.pass(.seconds(11))
        #expect(story.tap.table == seven)
        #expect(story.tell(.connected).events.map(\.message) == ["module installed", "module activated"])
    }

    @Test("A lost ledger is told; the tap goes on, fences, and its table is taken back when it is sent again")
    func lostLedger() throws {
        let tap = SimulatedTap()
        try tap.publish(seven)
        tap.loseTables()
        var story = Story(tap: tap, problem: "the ledger was torn; it was set aside")
        story.tell(.started)
        #expect(story.machine.hello.ledgerGeneration == Generation(7))
        let report = try #require(story.tell(.connected).reports.first)
        #expect(report.generation == Generation(7))
        #expect(report.tableDigest == (try seven.contentDigest()))
        #expect(report.modules == [])
        #expect(report.problems.count == 2)
        #expect(report.problems[0] == "the ledger was torn; it was set aside")
        #expect(report.problems[1].contains("the tap enforces generation 7, the ledger has none"))

        #expect(story.receive(.set(Modules.table(6))).refusals.count == 1)
        #expect(story.receive(.set(Modules.table(7, Modules.entry(3)))).refusals.count == 1)
        let mended = try #require(story.receive(.set(seven)).reports.last)
        #expect(mended.modules.map(\.id) == [ModuleID(1)])
        #expect(mended.problems == [])
        #expect(story.machine.ledger?.table == seven)
    }

    @Test("A ledger restored from a backup does not roll the tap back")
    func oldLedger() throws {
        let tap = SimulatedTap()
        try tap.publish(eight)
        tap.loseTables()
        var story = Story(tap: tap, ledger: ledgerOfSeven)
        story.tell(.started)
        let report = try #require(story.tell(.connected).reports.first)
        #expect(report.generation == Generation(8))
        #expect(report.problems.first?.contains("the ledger has generation 7") == true)
        #expect(story.receive(.set(seven)).refusals.count == 1)
        #expect(story.receive(.set(eight)).reports.last?.problems == [])
        #expect(story.machine.ledger?.table == eight)
    }

    @Test("The same generation with other content in ledger and tap is told, and put right by the next table")
    func forked() throws {
        let tap = SimulatedTap()
        try tap.publish(Modules.table(7, Modules.entry(9)))
        tap.loseTables()
        var story = Story(tap: tap, ledger: ledgerOfSeven)
        story.tell(.started)
        let report = try #require(story.tell(.connected).reports.first)
        #expect(report.tableDigest == (try Modules.table(7, Modules.entry(9)).contentDigest()))
        #expect(report.problems.contains { $0.contains("has other content") })
        let mended = try #require(story.receive(.set(eight)).reports.last)
        #expect(mended.generation == Generation(8))
        #expect(mended.problems == [])
    }
}

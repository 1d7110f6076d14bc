import Agent
import ControlChannel
import KernelTap
import L45Model
import Testing

@Suite("Taking a table on")
struct TableTests {
    let seven = Modules.table(7, Modules.entry(1))

    @Test("A table goes into the ledger, then into force; what was done and how it stands is said at once")
    func takes() throws {
        var story = Story.connected()
        let messages = story.receive(.set(seven))
        #expect(story.tap.table == seven)
        #expect(story.machine.ledger?.table == seven)
        #expect(messages.events.map(\.message) == ["module installed", "module activated"])
        #expect(messages.events.first?.subject == "device/\(Story.device)")
        #expect(messages.events.first?.facts["flow"] == "dns/0")
        let report = try #require(messages.reports.last)
        #expect(messages.reports.count == 1)
        #expect(report.generation == Generation(7))
        #expect(report.tableDigest == (try seven.contentDigest()))
        #expect(report.modules.map(\.state) == [.active])
        #expect(report.bootID == "boot-1")
        #expect(report.takenAt == story.now)
        #expect(report.problems == [])
    }

    @Test("The ledger is stored before the tap is told")
    func order() {
        var machine = AgentMachine(identity: Story.facts)
        let now = Timestamp(1)
        #expect(machine.handle(.started, now: now) == [.readTap])
        #expect(machine.handle(.read(TapReading()), now: now) == [])
        let stored = Ledger(table: seven, takenAt: now)
        #expect(machine.handle(.set(seven, unfit: nil), now: now) == [.storeLedger(stored)])
        #expect(machine.ledger == nil)
        #expect(machine.handle(.ledgerStored(Generation(7)), now: now) == [.publish(seven), .keepArtifacts([])])
        #expect(machine.ledger == stored)
        #expect(machine.handle(.published(Generation(7)), now: now) == [.readTap])
    }

    @Test("The operations between two tables are told one by one, as the trail wants them")
    func operations() {
        var story = Story.connected()
        story.receive(.set(Modules.table(7, Modules.entry(1), Modules.entry(2, .standby), Modules.entry(3))))
        let messages = story.receive(
            .set(Modules.table(8, Modules.entry(1, .deprecated), Modules.entry(2, .active, enforcing: true))))
        #expect(
            messages.events.map { "\($0.facts["module"]?.suffix(1) ?? "?") \($0.message)" } == [
                "1 module deprecated", "2 module activated", "2 module drops what comes plain", "3 module revoked",
            ])
        #expect(messages.events.allSatisfy { $0.facts["generation"] == "8" && $0.facts["intent"] == "dns" })
    }

    @Test("An older table is refused with the generation that is held; nothing changes")
    func older() {
        var story = Story.connected()
        story.receive(.set(seven))
        let messages = story.receive(.set(Modules.table(6, Modules.entry(2))))
        #expect(
            messages == [
                .refused(
                    Generation(6),
                    reason: "generation 6: it is older than generation 7, which this device holds; decide one above 7")
            ])
        #expect(story.tap.table == seven)
        #expect(story.machine.ledger?.table == seven)
    }

    @Test("The same generation with other content is refused; nothing changes")
    func altered() {
        var story = Story.connected()
        story.receive(.set(seven))
        let refusals = story.receive(.set(Modules.table(7, Modules.entry(1, .standby)))).refusals
        #expect(refusals.count == 1)
        #expect(refusals[0].contains("holds it with other content"))
        #expect(refusals[0].contains("decide a generation above 7"))
        #expect(story.tap.table == seven)
    }

    @Test("The same table again is a retry: nothing is done twice, and the report comes again")
    func retry() {
        var story = Story.connected()
        story.receive(.set(seven))
        let messages = story.receive(.set(seven))
        #expect(messages.reports.map(\.generation) == [Generation(7)])
        #expect(messages.count == 1)
        #expect(story.tap.publishCount == 1)
    }

    @Test("A table for another device, of generation 0, or with a module twice is refused")
    func misaddressed() {
        var story = Story.connected()
        let other = DeviceID("ffffffffffffffffffffffffffffffff")
        #expect(story.receive(.set(Modules.table(1, device: other))).refusals.first?.contains("\(other)") == true)
        #expect(story.receive(.set(Modules.table(0))).refusals.first?.contains("no generation") == true)
        let twice = Modules.table(1, Modules.entry(5), Modules.entry(5, .standby))
        #expect(story.receive(.set(twice)).refusals.first?.contains("twice") == true)
        #expect(story.machine.ledger == nil)
        #expect(story.tap.table == nil)
    }

    @Test("A table that the tap can not carry is refused before it is in the ledger")
    func unfit() {
        var story = Story.connected()
        story.receive(.set(seven))
        let refusals = story.receive(.set(Modules.table(8, Modules.entry(2, process: "sixteen-bytes-16")))).refusals
        #expect(refusals.first?.contains("'sixteen-bytes-16' has 16 bytes") == true)
        #expect(story.machine.ledger?.table == seven)
        #expect(story.tap.table == seven)
    }

    @Test("A full disk refuses the table, names what to do, and leaves the old one in force")
    func fullDisk() {
        var machine = AgentMachine(identity: Story.facts, ledger: Ledger(table: seven, takenAt: Timestamp(1)))
        let now = Timestamp(10)
        _ = machine.handle(.started, now: now)
        let eight = Modules.table(8, Modules.entry(2))
        _ = machine.handle(.set(eight, unfit: nil), now: now)
        let full = StateError.full(path: "/var/lib/l45/ledger.new", bytes: 900, errno: 28)
        let outputs = machine.handle(.ledgerFailed(Generation(8), reason: "\(full)"), now: now)
        #expect(
            outputs == [
                .send(
                    .refused(
                        Generation(8),
                        reason:
                            "generation 8: it can not be kept, no room for 900 bytes at /var/lib/l45/ledger.new (No "
                            + "space left on device); free some space on that file system; generation 7 stays in force")
                )
            ])
        #expect(machine.ledger?.table == seven)
        #expect(machine.hello.ledgerGeneration == Generation(7))
    }

    @Test("A tap that fails is tried again, ever more rarely; the report says what is wrong, and the truth")
    func tapFails() throws {
        var story = Story.connected()
        story.receive(.set(seven))
        let fault = TapError.system(operation: "publish generation 8 in the tap folder", path: "/run/l45/tap", errno: 5)
        story.tap.failPublish(with: fault)
        let messages = story.receive(.set(Modules.table(8, Modules.entry(2))))
        #expect(messages.events.map(\.message) == ["table not put in force"])
        let report = try #require(messages.reports.last)
        #expect(report.generation == Generation(7))
        #expect(report.problems == [fault.description])
        // 1, 2, 4, 8, 16 and 32 s: then every minute. The alert is told once.
        let more = story.pass(.seconds(70))
        #expect(more.events == [])
        #expect(more.reports.allSatisfy { $0.problems == [fault.description] })
        story.tap.failPublish(with: nil)
        let mended = story.pass(.seconds(61))
        #expect(mended.events.map(\.message) == ["module revoked", "module installed", "module activated"])
        #expect(mended.reports.last?.generation == Generation(8))
        #expect(mended.reports.last?.problems == [])
    }
}

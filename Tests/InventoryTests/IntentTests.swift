import Foundation
import L45Model
import Testing

@testable import Inventory

@Suite("Intents and the trail")
struct IntentTests {
    let folder: TemporaryFolder
    let cib: Inventory

    init() throws {
        folder = try TemporaryFolder()
        cib = try Inventory(folder: folder.cib, eventsMax: 50)
    }

    @Test("Every text and every epoch that was adopted can be gone back to, also after the intent was removed")
    func history() throws {
        try cib.adopt(intents: [intent(source: "one")], plans: [], at: noon)
        try cib.adopt(intents: [intent(source: "one")], plans: [], at: noon + .seconds(1))
        try cib.adopt(intents: [intent(epoch: 2, source: "one")], plans: [], at: noon + .seconds(2))
        try cib.adopt(intents: [intent(revision: 2, epoch: 3, source: "two")], plans: [], at: noon + .seconds(3))
        try cib.adopt(intents: [], removed: [IntentName("dns")], plans: [], at: noon + .seconds(4))
        let steps = try cib.intentHistory(IntentName("dns"))
        #expect(steps.map(\.source) == ["one", "one", "two"])
        #expect(steps.map(\.revision.rawValue) == [1, 1, 2])
        #expect(steps.map(\.epoch.rawValue) == [1, 2, 3])
        #expect(steps.map(\.at) == [noon, noon + .seconds(2), noon + .seconds(3)])
        #expect(try cib.intents().isEmpty)
        #expect(try cib.intentHistory(IntentName("other")).isEmpty)
    }

    @Test("An intent that comes back under its name can go on above the epochs it had")
    func comesBack() throws {
        #expect(try cib.lastKnown(IntentName("dns")) == nil)
        try cib.adopt(intents: [intent(revision: 3, epoch: 8)], plans: [], at: noon)
        try cib.adopt(intents: [], removed: [IntentName("dns")], plans: [], at: noon)
        #expect(try cib.lastKnown(IntentName("dns"))?.epochMax == Epoch(8))
        #expect(throws: InventoryError.unknownIntent(IntentName("dns"))) {
            try cib.adopt(intents: [], removed: [IntentName("dns")], plans: [], at: noon)
        }
        try cib.adopt(intents: [intent(revision: 4, epoch: 9)], plans: [], at: noon)
        #expect(try cib.intents() == [intent(revision: 4, epoch: 9)])
    }

    @Test("Who wrote an intent is stored with it, read back after a restart, and gone when it is withdrawn")
    func hands() throws {
        let hand = IntentHand(cause: "operator", manager: "ci", by: "alice", at: noon)
        let hands = IntentHands(document: hand, edition: hand)
        try cib.adopt(
            intents: [intent(), intent("web")], plans: [],
            hands: [IntentName("dns"): hands, IntentName("web"): IntentHands()],
            at: noon)
        var paused = hands
        paused.pause = IntentHand(cause: "pause", by: "bob", at: noon)
        try cib.record(hands: [IntentName("dns"): paused])
        try cib.close()
        let again = try Inventory(folder: folder.cib)
        #expect(try again.fleet().hands == [IntentName("dns"): paused, IntentName("web"): IntentHands()])
        try again.adopt(intents: [], removed: [IntentName("dns")], plans: [], at: noon)
        #expect(try again.fleet().hands == [IntentName("web"): IntentHands()])
        #expect(try again.damagedRows().isEmpty)
    }

    @Test("The history of one intent is bounded, and so are the texts kept for it")
    func historyIsBounded() throws {
        let intents = (1...Inventory.intentStepsMax + 30).map { number in
            intent(revision: UInt64(number), source: "text \(number)")
        }
        try cib.adopt(intents: [intent("other", source: "text 1")] + intents, plans: [], at: noon)
        let steps = try cib.intentHistory(IntentName("dns"))
        #expect(steps.count == Inventory.intentStepsMax)
        #expect(steps.last?.source == "text \(Inventory.intentStepsMax + 30)")
        #expect(try cib.intentHistory(IntentName("other")).map(\.source) == ["text 1"])
    }

    @Test("A pause is kept; one of an intent that is not there is refused")
    func pause() throws {
        try cib.adopt(intents: [intent()], plans: [], at: noon)
        try cib.setPaused(IntentName("dns"), true)
        #expect(try cib.intents().map(\.paused) == [true])
        try cib.setPaused(IntentName("dns"), false)
        #expect(try cib.intents().map(\.paused) == [false])
        #expect(throws: InventoryError.unknownIntent(IntentName("web"))) { try cib.setPaused(IntentName("web"), true) }
    }

    @Test("Events are read on from where one stopped, of all subjects or of some")
    func events() throws {
        try cib.append([event(1), event(2, subject: "flow/dns/0"), event(3, subject: "flow/dns/1"), event(4)])
        let all = try cib.events()
        #expect(all.map(\.event.facts["number"]) == ["1", "2", "3", "4"])
        #expect(try cib.events(after: all[1].id, limit: 1).map(\.id) == [all[2].id])
        #expect(try cib.events(subject: "flow/dns/1").map(\.id) == [all[2].id])
        #expect(try cib.events(subject: "flow/dns/").map(\.id) == [all[1].id, all[2].id])
        #expect(try cib.events(subject: "flow/dns").map(\.id) == [all[1].id, all[2].id])
        #expect(try cib.latestEvents(1, subject: "flow/dns").map(\.id) == [all[2].id])
        #expect(try cib.events(subject: "flow/").count == 2)
        #expect(try cib.events(subject: "flow").count == 2)
        #expect(try cib.events(subject: "intent/d").isEmpty)
        #expect(try cib.events(subject: "flow/dn").isEmpty)
        #expect(try cib.latestEvents(2).map(\.id) == [all[2].id, all[3].id])
        #expect(try cib.latestEvents(2, subject: "intent/dns").map(\.id) == [all[0].id, all[3].id])
    }

    @Test("The trail keeps the newest events; their numbers go on")
    func eventsAreBounded() throws {
        for batch in 0..<5 { try cib.append((0..<30).map { event(batch * 30 + $0) }) }
        let kept = try cib.events()
        #expect(kept.count == 50)
        #expect(kept.first?.id == 101)
        #expect(kept.last?.event == event(149))
    }
}

import Agent
import ControlChannel
import Foundation
import KernelTap
import L45Model
import Testing

/// The agent's share of the classes of failures: held to the end state and to the number of actions.
@Suite("Classes of failures, at the agent")
struct FailureClassTests {
    /// All that Linux has.
    static let errnos = Int32(1)...133

    @Test("Every errno of the tap: the table is kept, put in force once the tap takes it, and told of once")
    func everyErrnoOfPublishing() {
        for errno in Self.errnos {
            var story = Story.connected()
            let before = story.tap.publishCount
            story.tap.failPublish(with: .system(operation: "publish", path: "the tap", errno: errno))
            var messages = story.receive(.set(Modules.table(7, Modules.entry(1))))
            messages += story.pass(.seconds(100))
            #expect(story.tap.publishCount == before)
            #expect(story.machine.ledger?.table.generation == Generation(7), "errno \(errno)")
            #expect(messages.refusals == [])
            #expect(messages.events.filter { $0.message == "table not put in force" }.count == 1, "errno \(errno)")
            #expect(messages.reports.allSatisfy { $0.generation == .none && $0.modules == [] })
            let reason = String(cString: strerror(errno))
            #expect(messages.reports.last?.problems.contains { $0.contains(reason) } == true, "errno \(errno)")
            story.tap.failPublish(with: nil)
            messages = story.pass(.seconds(80))
            #expect(story.tap.publishCount == before + 1, "errno \(errno)")
            #expect(messages.reports.last?.generation == Generation(7), "errno \(errno)")
            #expect(messages.reports.last?.problems == [], "errno \(errno)")
        }
    }

    @Test("Every errno of reading the tap: nothing is reported that was not read, and nothing is done twice")
    func everyErrnoOfReading() {
        for errno in Self.errnos {
            var story = Story.connected()
            story.tap.failRead(with: .system(operation: "read", path: "the tap", errno: errno))
            var messages = story.receive(.set(Modules.table(7, Modules.entry(1))))
            messages += story.pass(.seconds(100))
            #expect(messages.reports == [], "errno \(errno)")
            #expect(messages.events.filter { $0.message == "tap can not be read" }.count == 1, "errno \(errno)")
            story.tap.failRead(with: nil)
            messages = story.pass(.seconds(20))
            #expect(story.tap.publishCount == 1, "errno \(errno)")
            #expect(messages.reports.last?.generation == Generation(7), "errno \(errno)")
        }
    }

    @Test("Operations out of order: in each of 120 orders, and sent again, the newest table is what stays")
    func everyOrder() {
        let tables = (1...5).map { Modules.table(UInt64($0), Modules.entry(UInt64($0))) }
        var orders = 0
        for order in Self.orders(of: tables) {
            orders += 1
            var story = Story.connected()
            var refusals: [String] = []
            for table in order { refusals += story.receive(.set(table)).refusals }
            var highest = Generation.none
            var rises = 0
            for table in order where table.generation > highest {
                highest = table.generation
                rises += 1
            }
            #expect(story.tap.table == tables[4])
            #expect(story.machine.ledger?.table == tables[4])
            // One publication for each that was newer than all before it, one refusal for each that was not.
            #expect(story.tap.publishCount == rises)
            #expect(refusals.count == 5 - rises)
            for table in order { refusals += story.receive(.set(table)).refusals }
            #expect(story.tap.publishCount == rises)
            #expect(refusals.count == 5 - rises + 4)
            #expect(story.tap.table == tables[4])
        }
        #expect(orders == 120)
    }

    private static func orders(of tables: [DeviceTable]) -> [[DeviceTable]] {
        guard tables.count > 1 else { return [tables] }
        return tables.indices.flatMap { first -> [[DeviceTable]] in
            var rest = tables
            let table = rest.remove(at: first)
            return orders(of: rest).map { [table] + $0 }
        }
    }
}

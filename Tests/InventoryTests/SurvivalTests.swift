import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("A full disk, a kill, a backup")
struct SurvivalTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("A full disk stores nothing by halves, says so, and is no harm once there is room again")
    func full() throws {
        let cib = try Inventory(folder: folder.cib)
        try cib.checkIn((1...200).map { device($0) }, at: noon)
        let first = (1...200).map { plan($0, modules: 5, epoch: 1) }
        let second = (1...200).map { plan($0, modules: 5, epoch: 2) + $0 }
        try cib.adopt(intents: [intent()], plans: first, events: [event(1)], at: noon)
        try cib.pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 4)")
        }
        let error = #expect(throws: InventoryError.self) {
            try cib.adopt(intents: [intent(epoch: 2)], plans: second, events: [event(2)], at: noon)
        }
        #expect(error == .full(path: folder.file("cib.sqlite"), doing: "adopt 200 device plans"))
        #expect(throws: InventoryError.self) { try cib.put(Data(count: 1 << 20), at: noon) }
        #expect(try cib.intents() == [intent()])
        #expect(Set(try cib.fleet().plans.values) == Set(first))
        #expect(try cib.events().count == 1)
        #expect(try cib.verify() == [])

        try cib.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
        try cib.adopt(intents: [intent(epoch: 2)], plans: second, events: [event(2)], at: noon)
        #expect(Set(try cib.fleet().plans.values) == Set(second))
        #expect(try cib.verify() == [])
    }

    /// One life of an orchestrator that is killed in the midst of its work.
    private struct Life {
        /// The kill comes so long after the database began to be opened, or after the work began.
        var microseconds: Int
        var whileOpening = false
    }

    private static func killSoon(_ microseconds: Int) {
        Thread.detachNewThread {
            let end = ContinuousClock.now + .microseconds(microseconds)
            while ContinuousClock.now < end { sched_yield() }
            kill(getpid(), SIGKILL)
        }
    }

    /// What the child of `killed` does until it is killed: round n puts n into every row that it writes, in one
    /// adoption and one decision, and notes n in `done` when both have returned.
    private static func workUntilKilled(_ path: String, _ done: String, _ microseconds: Int, _ opening: Bool) throws {
        if opening { killSoon(microseconds) }
        let cib = try Inventory(folder: path)
        let handle = open(done, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard handle >= 0 else { throw CocoaError(.fileWriteUnknown) }
        try cib.checkIn((1...20).map { device($0) }, at: noon)
        if !opening { killSoon(microseconds) }
        // A round that was adopted and not decided is done over.
        let start = try cib.fleet().tables.values.map { Int($0.generation.rawValue) + 1 }.max() ?? 1
        for round in start..<(start + 100_000) {
            let plans = (1...20).map { plan($0, modules: 2, epoch: round) }
            try cib.adopt(
                intents: [intent("a", epoch: UInt32(round)), intent("b", epoch: UInt32(round))], plans: plans,
                events: [event(round)], at: noon)
            try cib.decide(plans.enumerated().map { table($0 + 1, UInt64(round), $1.modules) })
            let note = Array("\(round)      ".utf8.prefix(8))
            guard pwrite(handle, note, note.count, 0) == note.count else { throw CocoaError(.fileWriteUnknown) }
        }
    }

    @Test("Killed with -9 at any instant, what had returned is there, and the rest as a whole or not at all")
    func killed() async throws {
        let (cib, done) = (folder.cib, folder.path + "/done")
        let lives =
            [300, 1_000, 3_000, 9_000].map { Life(microseconds: $0, whileOpening: true) }
            + [3_000, 41_000, 7_700, 90_000, 15_000, 28_000].map { Life(microseconds: $0) }
        var reached = 0
        for life in lives {
            let (microseconds, opening) = (life.microseconds, life.whileOpening)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    cib = cib as String, done = done as String, microseconds = microseconds as Int,
                    opening = opening as Bool
                ]
                in
                try SurvivalTests.workUntilKilled(cib, done, microseconds, opening)
            }
            let noted = (try? String(contentsOfFile: done, encoding: .utf8)) ?? "0"
            let acknowledged = Int(noted.trimmingCharacters(in: .whitespaces)) ?? 0
            let now = try check(cib, acknowledged)
            #expect(now >= reached)
            reached = now
        }
        // Otherwise the kills came before any work, and this has shown nothing.
        #expect(reached >= 3)
    }

    /// - Returns: the last round that is stored, wholly.
    private func check(_ path: String, _ acknowledged: Int) throws -> Int {
        let cib = try Inventory(folder: path)
        #expect(try cib.verify() == [])
        let fleet = try cib.fleet()
        let epochs = Set(fleet.intents.map { Int($0.epoch.rawValue) })
        let planned = Set(fleet.plans.values.flatMap(\.modules).map { Int($0.epoch.rawValue) })
        let decided = Set(fleet.tables.values.map { Int($0.generation.rawValue) })
        #expect(epochs.count <= 1 && planned == epochs && decided.count <= 1)
        let adopted = epochs.first ?? 0
        #expect(try cib.events(limit: 1_000_000).last?.event == (adopted == 0 ? nil : event(adopted)))
        #expect(fleet.plans.count == (adopted == 0 ? 0 : 20))
        #expect(adopted >= acknowledged && (decided.first ?? 0) >= acknowledged)
        #expect(adopted - (decided.first ?? 0) <= 1)
        return adopted
    }

    @Test("A backup taken while others write is of one instant; with the key beside it, it is the CIB again")
    func backup() throws {
        let cib = try Inventory(folder: folder.cib)
        try cib.checkIn([device(1)], at: noon)
        try cib.adopt(intents: [intent()], plans: [plan(1, epoch: 1)], events: [event(1)], at: noon)
        let restored = folder.path + "/restored"
        try FileManager.default.createDirectory(
            atPath: restored, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let writing = Thread {
            for round in 2..<60 {
                _ = try? cib.adopt(
                    intents: [intent(epoch: UInt32(round))], plans: [plan(1, epoch: round)], events: [event(round)],
                    at: noon)
            }
        }
        writing.start()
        try cib.backup(to: restored + "/cib.sqlite")
        #expect(throws: InventoryError.backupExists(path: restored + "/cib.sqlite")) {
            try cib.backup(to: restored + "/cib.sqlite")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: restored) == ["cib.sqlite"])
        let mode = try FileManager.default.attributesOfItem(atPath: restored + "/cib.sqlite")[.posixPermissions]
        #expect((mode as? NSNumber)?.intValue == 0o600)

        #expect(throws: InventoryError.keyMissing(path: restored + "/root.key")) { try Inventory(folder: restored) }
        try FileManager.default.copyItem(atPath: folder.file("root.key"), toPath: restored + "/root.key")
        let again = try Inventory(folder: restored)
        let epoch = try #require(try again.intents().first?.epoch.rawValue)
        #expect(try again.fleet().plans[deviceID(1)] == plan(1, epoch: Int(epoch)))
        #expect(try again.latestEvents(1).map(\.event) == [event(Int(epoch))])
        #expect(try again.verify() == [])
    }

    @Test("A backup to where none can be written says so and leaves nothing behind")
    func backupRefused() throws {
        let cib = try Inventory(folder: folder.cib)
        let error = #expect(throws: InventoryError.self) { try cib.backup(to: folder.path + "/none/backup") }
        #expect(error?.description.contains("can not make a backup") == true)
    }
}

/// The plan with one more module, so that it takes more room.
private func + (plan: DevicePlan, device: Int) -> DevicePlan {
    DevicePlan(device: plan.device, modules: plan.modules + (10..<20).map { module($0, on: device, epoch: 2) })
}

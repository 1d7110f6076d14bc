import Foundation
import L45Model
import Testing

@testable import Inventory

@Suite("A large fleet")
struct ScaleTests {
    /// 10,000 with L45_SCALE=10000 in the environment.
    static let devices = ProcessInfo.processInfo.environment["L45_SCALE"].flatMap { Int($0) } ?? 1000

    // A debug build on a shared machine: the bounds are wide, and catch a wrong order of growth, not a slow day.
    @Test("A large fleet with 10 modules on each device is adopted, rotated, reported and read within bounds")
    func large() throws {
        let folder = try TemporaryFolder()
        let cib = try Inventory(folder: folder.cib)
        let numbers = Array(1...Self.devices)
        let clock = ContinuousClock()
        var times: [(String, Duration)] = []
        func timed(_ name: String, _ body: () throws -> Void) rethrows {
            times.append((name, try clock.measure(body)))
        }
        let plans = numbers.map { plan($0, modules: 10) }
        let standby = numbers.map { table($0, 1, plans[$0 - 1].modules) }
        let active = numbers.map { table($0, 2, plans[$0 - 1].modules, .active) }
        let reports = numbers.map { report($0, modules: 10) }

        try timed("check in") { try cib.checkIn(numbers.map { device($0) }, at: noon) }
        try timed("adopt") { try cib.adopt(intents: [intent()], plans: plans, at: noon) }
        try timed("adopt the same") { try cib.adopt(intents: [intent()], plans: plans, at: noon) }
        try timed("decide") { try cib.decide(standby) }
        try timed("decide next phase") { try cib.decide(active) }
        try timed("record") { try cib.record(reports) }
        var fleet = StoredFleet()
        try timed("fleet") { fleet = try cib.fleet() }

        for (name, time) in times {
            let milliseconds = time.formatted(.units(allowed: [.milliseconds]))
            print("inventory, \(Self.devices) devices x 10 modules: \(name) \(milliseconds)")
            #expect(time < .seconds(60), "\(name)")
        }
        #expect(fleet.devices.count == Self.devices)
        #expect(fleet.plans[deviceID(777)] == plans[776])
        #expect(fleet.tables[deviceID(777)] == active[776])
        #expect(fleet.reports[deviceID(777)] == reports[776])
    }
}

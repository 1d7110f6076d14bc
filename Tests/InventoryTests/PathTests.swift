import Foundation
import L45Model
import Testing

@testable import Inventory

@Suite("Paths in the CIB")
struct PathTests {
    private func table(_ generation: UInt64, _ destination: String = "10.2.0.0/24") throws -> PathTable {
        let block = try #require(AddressBlock(destination))
        let host = try #require(AddressBlock("10.2.0.9"))
        return PathTable(
            device: deviceID(1), generation: Generation(generation),
            paths: [
                PathPlan(
                    intent: IntentName("wan"), destination: block,
                    policy: PathPolicy(treatments: [.ecn: .proven]), probe: host, port: 4545, ratePort: nil, far: [])
            ],
            accepted: [
                AcceptedGates(
                    path: PathName("wan/10.2.0.0/24"), opener: deviceID(2), sources: [host], destination: block,
                    gates: [PathGate(.mss, at: .accepting, mssBytes: 1220)])
            ])
    }

    @Test("A table and a report come back as they were, and go with their device")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let cib = try Inventory(folder: folder.cib)
        try cib.checkIn(device(1), at: Timestamp(1))
        let report = PathReport(
            device: deviceID(1), takenAt: Timestamp(5), taken: Generation(3), inForce: Generation(3),
            paths: [
                PathStanding(
                    name: PathName("wan/10.2.0.0/24"), phase: .gated, since: Timestamp(4), nextAt: Timestamp(9),
                    sight: [PathStanding.Sight(.sack, out: .changed, back: .intact)], rate: 9.5e8, reason: "why")
            ])
        try cib.decide([try table(3)])
        try cib.record([report])
        let stored = try cib.fleet()
        #expect(stored.pathTables == [deviceID(1): try table(3)])
        #expect(stored.pathReports == [deviceID(1): report])
        try cib.forget(deviceID(1), at: Timestamp(9))
        #expect(try cib.fleet().pathTables.isEmpty)
        #expect(try cib.fleet().pathReports.isEmpty)
    }

    @Test("What is known of a path's honesty comes back as it was, and goes with its path or its device")
    func trust() throws {
        let folder = try TemporaryFolder()
        let cib = try Inventory(folder: folder.cib)
        try cib.checkIn([device(1), device(2)], at: Timestamp(1))
        var trusts = [deviceID(1), deviceID(2)].map { PathTrust(PathTrust.Place($0, PathName("wan/10.2.0.0/24"))) }
        for at in trusts.indices {
            _ = trusts[at].confirmed(20_000, whyPlain: "", now: Timestamp(5))
            let difference = PathTrust.Difference(field: "option MSS", sent: "1460", arrived: "536")
            let check = PathTrust.Check(
                at: Timestamp(6), isKeyed: true, differences: [difference], contradictions: ["HFULL intact by ISN"])
            _ = trusts[at].compared(check, alert: "HFULL intact by ISN", now: Timestamp(7))
        }
        let stranger = PathTrust(PathTrust.Place(deviceID(9), PathName("wan/10.2.0.0/24")))
        try cib.record(trusts: trusts + [stranger])
        #expect(try cib.fleet().pathTrusts == trusts.sorted { $0.place < $1.place })
        try cib.record(trusts: [], forgotten: [trusts[0].place])
        #expect(try cib.fleet().pathTrusts == [trusts[1]])
        try cib.forget(deviceID(2), at: Timestamp(9))
        #expect(try cib.fleet().pathTrusts.isEmpty)
    }

    @Test("Generations never fall: an older table, or the same with other content, is refused")
    func fence() throws {
        let folder = try TemporaryFolder()
        let cib = try Inventory(folder: folder.cib)
        try cib.checkIn(device(1), at: Timestamp(1))
        try cib.decide([try table(3)])
        try cib.decide([try table(3)])
        #expect(throws: InventoryError.self) { try cib.decide([try table(3, "10.3.0.0/24")]) }
        #expect(throws: InventoryError.self) { try cib.decide([try table(2)]) }
        try cib.decide([try table(4, "10.3.0.0/24")])
        #expect(throws: InventoryError.self) { try cib.decide([try table(5).moved(to: deviceID(7))]) }
    }
}

extension PathTable {
    fileprivate func moved(to device: DeviceID) -> PathTable {
        PathTable(device: device, generation: generation, paths: paths)
    }
}

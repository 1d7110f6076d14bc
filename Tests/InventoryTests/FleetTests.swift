import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("What the CIB keeps of a fleet")
struct FleetTests {
    let folder: TemporaryFolder
    let cib: Inventory

    init() throws {
        folder = try TemporaryFolder()
        cib = try Inventory(folder: folder.cib)
    }

    @Test("An orchestrator that starts again finds everything as it was left")
    func startsAgain() throws {
        try cib.checkIn([device(1), device(2)], at: noon)
        try cib.adopt(intents: [intent()], plans: [plan(1, modules: 3), plan(2)], events: [event(1)], at: noon)
        try cib.decide([table(1, 4, plan(1, modules: 3).modules, .active), table(2, 9, [])])
        try cib.record([report(1, generation: 3, modules: 3)])
        let status = RolloutStatus(
            intent: IntentName("dns"), flow: FlowName("dns/0"), epoch: Epoch(1), phase: .deploy, paused: false,
            waiting: [.init(device: deviceID(2), reason: "has not confirmed generation 9")], since: noon)
        try cib.record(statuses: [status])
        let root = cib.rootSecret
        try cib.close()

        let folder = folder.cib
        // The lock goes with the last reference to the first one, which this suite still holds: copy, as a restore
        // does.
        let copy = self.folder.path + "/copy"
        try FileManager.default.copyItem(atPath: folder, toPath: copy)
        let again = try Inventory(folder: copy)
        let fleet = try again.fleet()
        #expect(again.rootSecret == root)
        #expect(fleet.devices[deviceID(1)]?.device == device(1))
        #expect(fleet.plans == [deviceID(1): plan(1, modules: 3), deviceID(2): plan(2)])
        #expect(
            fleet.tables == [
                deviceID(1): table(1, 4, plan(1, modules: 3).modules, .active), deviceID(2): table(2, 9, []),
            ])
        #expect(fleet.reports == [deviceID(1): report(1, generation: 3, modules: 3)])
        #expect(fleet.statuses == [FlowName("dns/0"): status])
        #expect(fleet.intents == [intent()])
        #expect(try again.events().map(\.event) == [event(1)])
        #expect(try again.verify() == [])
    }

    @Test("Adopting rewrites the rows of the devices whose plan differs, and no others")
    func adoptRewritesWhatDiffers() throws {
        try cib.checkIn((1...20).map { device($0) }, at: noon)
        let plans = (1...20).map { plan($0, modules: 2) }
        #expect(try cib.adopt(intents: [intent()], plans: plans, at: noon).count == 20)

        let before = try cib.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM module") }
        var next = plans
        next[6] = DevicePlan(device: deviceID(7), modules: [module(0, on: 7), module(1, on: 7, priority: 200)])
        #expect(try cib.adopt(intents: [], plans: next, at: noon) == [deviceID(7)])
        #expect(try cib.fleet().plans[deviceID(7)] == next[6])
        #expect(try cib.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM module") } == before)

        #expect(try cib.adopt(intents: [], plans: next, at: noon).isEmpty)
        #expect(try cib.adopt(intents: [], plans: Array(next.dropLast()), at: noon) == [deviceID(20)])
        #expect(try cib.fleet().plans.count == 19)
    }

    @Test("A module lives as long as the plan or the table names it, then it and its secrets go")
    func modulesGo() throws {
        try cib.checkIn(device(1), at: noon)
        let old = plan(1, epoch: 1)
        let new = plan(1, epoch: 2)
        try cib.adopt(intents: [intent()], plans: [old], at: noon)
        try cib.decide([table(1, 1, old.modules)])
        try cib.adopt(intents: [intent(epoch: 2)], plans: [new], at: noon)
        try cib.decide([table(1, 2, old.modules + new.modules)])
        #expect(try cib.fleet().tables[deviceID(1)]?.modules.count == 2)
        #expect(try rows("module") == 2)
        try cib.decide([table(1, 3, new.modules)])
        #expect(try rows("module") == 1)
        try cib.adopt(intents: [], removed: [IntentName("dns")], plans: [], at: noon)
        #expect(try rows("module") == 1)
        try cib.decide([table(1, 4, [])])
        #expect(try rows("module") == 0)
        try cib.adopt(intents: [], plans: [], at: noon)
        #expect(try cib.verify() == [])
    }

    @Test("A plan for a device that is not known is refused, and nothing of the adoption is stored")
    func adoptIsAllOrNothing() throws {
        try cib.checkIn(device(1), at: noon)
        #expect(throws: InventoryError.unknownDevice(deviceID(2))) {
            try cib.adopt(intents: [intent()], plans: [plan(1), plan(2)], events: [event(1)], at: noon)
        }
        #expect(throws: InventoryError.unknownIntent(IntentName("nobody"))) {
            try cib.adopt(intents: [intent()], removed: [IntentName("nobody")], plans: [plan(1)], at: noon)
        }
        #expect(try cib.fleet().plans.isEmpty)
        #expect(try cib.intents().isEmpty)
        #expect(try cib.events().isEmpty)
        #expect(try rows("module") == 0)
    }

    @Test("A generation is given once: an older one and the same one with other content are refused")
    func generationsNeverRegress() throws {
        try cib.checkIn([device(1), device(2)], at: noon)
        let modules = plan(1).modules
        try cib.decide([table(1, 5, modules)])
        try cib.decide([table(1, 5, modules)])
        for bad in [table(1, 4, modules), table(1, 5, modules, .active), table(1, 5, [])] {
            let error = InventoryError.generationTaken(
                device: deviceID(1), offered: bad.generation, stored: Generation(5))
            #expect(throws: error) { try cib.decide([table(2, 1, []), bad]) }
        }
        #expect(try cib.fleet().tables == [deviceID(1): table(1, 5, modules)])
        #expect(throws: InventoryError.unknownDevice(deviceID(3))) { try cib.decide([table(3, 1, [])]) }
    }

    @Test("The operator's labels win over the agent's, and may come before the first check-in")
    func labels() throws {
        try cib.setOperatorLabels(deviceID(1), ["role": "resolver"])
        #expect(try cib.checkIn(device(1, labels: ["role": "client", "site": "a"]), at: noon))
        #expect(try cib.device(deviceID(1))?.device.facts.labels == ["role": "resolver", "site": "a"])
        #expect(try !cib.checkIn(device(1, labels: ["role": "client", "site": "a"]), at: noon + .seconds(5)))
        #expect(try cib.checkIn(device(1, labels: ["site": "b"]), at: noon + .seconds(9)))
        try cib.setOperatorLabels(deviceID(1), [:])
        let stored = try #require(try cib.devices().first)
        #expect(stored.device.facts.labels == ["site": "b"])
        #expect(stored.firstSeen == noon && stored.lastSeen == noon + .seconds(9))
    }

    @Test("A forgotten device is gone with all that was its own, and a report of it that comes late is left out")
    func forget() throws {
        try cib.checkIn([device(1), device(2)], at: noon)
        try cib.adopt(intents: [intent()], plans: [plan(1), plan(2)], at: noon)
        try cib.decide([table(1, 1, plan(1).modules)])
        try cib.record(
            IssuedCertificate(serial: "0a", device: deviceID(1), issuedAt: noon, notAfter: noon + .seconds(60)))
        #expect(try cib.revokedDevices().isEmpty)
        try cib.forget(deviceID(1), at: noon + .seconds(1))
        #expect(throws: InventoryError.unknownDevice(deviceID(1))) { try cib.forget(deviceID(1), at: noon) }
        #expect(try cib.record([report(1), report(2)]) == [deviceID(1)])
        let fleet = try cib.fleet()
        #expect(fleet.devices.keys.sorted() == [deviceID(2)])
        #expect(fleet.plans.keys.sorted() == [deviceID(2)])
        #expect(fleet.reports.keys.sorted() == [deviceID(2)])
        #expect(fleet.tables.isEmpty)
        #expect(try cib.certificates(of: deviceID(1)).first?.revokedAt == noon + .seconds(1))
        #expect(try cib.revokedDevices() == [deviceID(1)])
        try cib.record(
            IssuedCertificate(serial: "0b", device: deviceID(1), issuedAt: noon, notAfter: noon + .seconds(60)))
        #expect(try cib.revokedDevices().isEmpty)
        #expect(try cib.certificates().map(\.serial) == ["0a", "0b"])
    }

    @Test("A certificate that is used ends those before it; one that was given and not yet used stays")
    func certificatesInUse() throws {
        try cib.checkIn([device(1)], at: noon)
        let end = noon + .seconds(3600)
        func certificate(_ serial: String, _ issuedAt: Timestamp) -> IssuedCertificate {
            IssuedCertificate(serial: serial, device: deviceID(1), issuedAt: issuedAt, notAfter: end)
        }
        for (at, serial) in ["0a", "0b", "0c"].enumerated() {
            try cib.record(certificate(serial, noon + .seconds(Int64(at))))
        }
        let authority = Digest(of: Data("ca".utf8))
        let use = CertificateInUse(certificate: certificate("0b", noon), authority: authority, trusts: [authority])
        #expect(try cib.use([use], at: noon + .seconds(9)) == ["0a"])
        #expect(try cib.use([use], at: noon + .seconds(10)) == [])
        #expect(try cib.revokedSerials(now: noon) == ["0a"])
        #expect(try cib.revokedSerials(now: end + .seconds(1)) == [])
        #expect(try cib.revokedDevices().isEmpty)
        #expect(
            try cib.fleet().certificates[deviceID(1)]
                == CertificateStanding(serial: "0b", authority: authority, trusts: [authority]))
        // Nothing is known of it, as after a CIB was restored from a backup: it is from now on.
        let unknown = CertificateInUse(
            certificate: certificate("0d", noon + .seconds(20)), authority: authority, trusts: [authority])
        #expect(try cib.use([unknown], at: noon + .seconds(30)).sorted() == ["0b", "0c"])
    }

    @Test(
        "An evicted device is gone like a forgotten one, and neither a new certificate nor its old token brings it back"
    )
    func evict() throws {
        try cib.checkIn([device(1), device(2)], at: noon)
        let secret = Digest(of: Data("secret".utf8))
        try cib.createToken(id: "t1", secretHash: secret, expires: noon + .seconds(60), at: noon)
        _ = try cib.consumeToken(id: "t1", secretHash: secret, by: deviceID(1), now: noon)
        try cib.record(
            IssuedCertificate(serial: "0a", device: deviceID(1), issuedAt: noon, notAfter: noon + .seconds(60)))
        #expect(try cib.evict(deviceID(1), name: "one", reason: "stolen", at: noon) == ["0a"])
        #expect(try cib.fleet().devices.keys.sorted() == [deviceID(2)])
        #expect(
            try cib.eviction(of: deviceID(1))
                == Eviction(device: deviceID(1), name: "one", at: noon, reason: "stolen"))
        #expect(try cib.eviction(of: deviceID(2)) == nil)
        try cib.record(
            IssuedCertificate(serial: "0b", device: deviceID(1), issuedAt: noon, notAfter: noon + .seconds(60)))
        #expect(try cib.revokedDevices() == [deviceID(1)])
        let spent = #expect(throws: InventoryError.self) {
            _ = try cib.consumeToken(id: "t1", secretHash: secret, by: deviceID(1), now: noon)
        }
        guard case .tokenUsed? = spent else {
            Issue.record("\(String(describing: spent))")
            return
        }
        #expect(throws: InventoryError.unknownDevice(deviceID(1))) {
            _ = try cib.evict(deviceID(1), name: "one", reason: "", at: noon)
        }
    }

    private func rows(_ table: String) throws -> Int? {
        try cib.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM \(table)") }
    }
}

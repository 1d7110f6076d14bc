import KernelTap
import L45Model
import Testing

@Suite("The simulated tap keeps the rules of the real one")
struct SimulatedTapTests {
    let tap = SimulatedTap()

    @Test("It takes newer tables and the same one again; an older or an altered one changes nothing")
    func fence() throws {
        let seven = Modules.table(7, Modules.entry(1))
        try tap.publish(seven)
        try tap.publish(seven)
        #expect(throws: TapError.stale(asked: Generation(6), held: Generation(7))) {
            try tap.publish(Modules.table(6, Modules.entry(2)))
        }
        #expect(throws: TapError.conflict(Generation(7))) { try tap.publish(Modules.table(7, Modules.entry(2))) }
        #expect(tap.table == seven)
        #expect(tap.publishCount == 1)
        let reading = try tap.read()
        #expect(reading.inForce == Generation(7))
        #expect(reading.inForceDigest == (try seven.contentDigest()))
        #expect(reading.modules.map(\.id) == [ModuleID(1)])
    }

    @Test("While a call of before is at work, the table of before is reported with its own digest and states")
    func held() throws {
        let before = Modules.table(7, Modules.entry(1, state: .active))
        let after = Modules.table(8, Modules.entry(1, state: .deprecated), Modules.entry(2))
        try tap.publish(before)
        tap.hold()
        try tap.publish(after)
        let held = try tap.read()
        #expect(held.inForce == Generation(7))
        #expect(held.published == Generation(8))
        #expect(held.inForceDigest == (try before.contentDigest()))
        #expect(held.modules.map(\.state) == [.active])
        tap.release()
        let settled = try tap.read()
        #expect(settled.inForce == Generation(8))
        #expect(settled.modules.map(\.state) == [.deprecated, .active])
    }

    @Test("A tap whose tables are forgotten still names what it enforces")
    func forgotten() throws {
        try tap.publish(Modules.table(7, Modules.entry(1)))
        tap.loseTables()
        let reading = try tap.read()
        #expect(reading.published == Generation(7))
        #expect(reading.inForceDigest != nil)
        #expect(reading.modules == [])
    }

    @Test("Set faults are thrown, and a boot leaves nothing")
    func faults() throws {
        try tap.publish(Modules.table(7, Modules.entry(1)))
        let fault = TapError.system(operation: "publish", path: "/tap", errno: 5)
        tap.failPublish(with: fault)
        #expect(throws: fault) { try tap.publish(Modules.table(8)) }
        tap.failRead(with: fault)
        #expect(throws: fault) { try tap.read() }
        tap.wipe()
        #expect(try tap.read() == TapReading(processes: 1))
    }
}

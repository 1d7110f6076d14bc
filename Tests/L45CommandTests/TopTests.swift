import L45Model
import Testing

@testable import L45Command

@Suite("l45 top: rates of two reports")
struct TopTests {
    private func module(_ id: UInt64, sent: UInt64, bytes: UInt64) -> ModuleView {
        var counts = ModuleStatistics()
        counts.messagesSent = sent
        counts.bytesReceived = bytes
        let plan = Fleet.plan(id, epoch: 1, role: .client)
        return ModuleView(
            plan: plan, device: Fleet.client.id, deviceName: Fleet.client.name,
            decided: ModuleEntry(plan: plan, state: .active),
            report: ModuleReport(id: plan.id, state: .active, statistics: counts))
    }

    private func client(reportedAt seconds: Int64) -> DeviceView {
        var device = Fleet.client
        device.lastReport = APITime(Fleet.now + .seconds(seconds))
        return device
    }

    @Test("The first report gives no rate, the same one again none either, the next one does")
    func rates() {
        var ledger = TopLedger()
        let first = [module(1, sent: 100, bytes: 1000)]
        ledger.take(first, [client(reportedAt: 0)])
        #expect(!ledger.isWhole(first, [client(reportedAt: 0)]))
        ledger.take(first, [client(reportedAt: 0)])
        #expect(ledger.rates(ModuleID(1)) == nil)
        let next = [module(1, sent: 150, bytes: 21_000)]
        ledger.take(next, [client(reportedAt: 10)])
        #expect(ledger.isWhole(next, [client(reportedAt: 10)]))
        #expect(ledger.rates(ModuleID(1))?.messages == 5)
        #expect(ledger.rates(ModuleID(1))?.bytes == 2000)
    }

    @Test("A counter that went back is of a tap that began anew: it is not counted below nothing")
    func restart() {
        var ledger = TopLedger()
        ledger.take([module(1, sent: 1000, bytes: 0)], [client(reportedAt: 0)])
        ledger.take([module(1, sent: 20, bytes: 0)], [client(reportedAt: 10)])
        #expect(ledger.rates(ModuleID(1))?.messages == 2)
    }

    @Test("The busiest come first, by messages or by bytes; what has no rate yet comes last")
    func table() {
        var ledger = TopLedger()
        ledger.take([module(1, sent: 0, bytes: 0), module(2, sent: 0, bytes: 0)], [client(reportedAt: 0)])
        let modules = [
            module(1, sent: 10, bytes: 99_000_000), module(2, sent: 40_000, bytes: 10), module(3, sent: 5, bytes: 5),
        ]
        ledger.take(modules, [client(reportedAt: 10)])
        let rows = TopTable.rows(.modules, modules, ledger, by: .messages)
        #expect(
            TopTable.table(.modules, rows).text()
                == """
                MODULE                                     MODULES  SENT/S  RECEIVED/S  BYTES OUT/S  BYTES IN/S
                0000000000000002 dns/0 client on client-1  1        4k      0           0            1
                0000000000000001 dns/0 client on client-1  1        1       0           0            9.9M
                0000000000000003 dns/0 client on client-1  1        <none>  <none>      <none>       <none>
                """)
        #expect(TopTable.rows(.modules, modules, ledger, by: .bytes).first?.name.hasPrefix("0000000000000001") == true)
        let devices = TopTable.rows(.devices, modules, ledger, by: .messages)
        #expect(devices.map(\.name) == ["client-1"])
        #expect(devices.first?.modules == 3 && devices.first?.rates?.messages == 4001)
    }

    @Test(
        "Amounts have at most three digits and a unit",
        arguments: [
            (0.0, "0"), (0.44, "0.4"), (9.96, "10"), (12.4, "12"), (999.0, "999"), (3400.0, "3.4k"), (12e6, "12M"),
        ])
    func amounts(_ value: Double, _ text: String) { #expect(TopTable.amount(value) == text) }
}

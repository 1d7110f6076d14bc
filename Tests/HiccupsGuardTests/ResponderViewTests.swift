import HiccupsGuard
import L45Model
import Testing

@Suite("The responder's view, told outside of the path")
struct ResponderViewTests {
    private func path(_ forward: [HeaderChange], _ functions: FragmentFunctions = .plain, seed: UInt64 = 3) throws
        -> SimulatedPath
    {
        Samples.path(
            try Samples.template(for: forward.first ?? .ecnFlagsCleared), forward: forward, seed: seed,
            functions: functions)
    }

    @Test("Over a path that changes nothing both say so")
    func clean() throws {
        var random = SeededRandom(seed: 1)
        let seen = try path([]).exchange(PerCarrier(all: .full), using: &random)
        let check = ResponderView(syn: seen.synArrived, isKeyed: false).check(
            sent: seen.syn, reading: seen.reply, capable: true)
        #expect(check.differences.isEmpty)
        #expect(check.agrees && check.alert == nil)
    }

    @Test(
        "Every change of table 7.6 is named with old and new value after one exchange", arguments: HeaderChange.allCases
    )
    func named(change: HeaderChange) throws {
        var random = SeededRandom(seed: 5)
        let seen = try path([change]).exchange(PerCarrier(all: .noNAT), using: &random)
        let check = ResponderView(syn: seen.synArrived, isKeyed: false).check(
            sent: seen.syn, reading: seen.reply, capable: true)
        #expect(!check.differences.isEmpty)
        #expect(check.differences.allSatisfy { $0.sent != $0.arrived })
        #expect(check.agrees, "\(check.alert ?? "")")
    }

    @Test("An MSS that was lowered is told with both numbers")
    func mss() throws {
        var sent = try Samples.syn()
        var arrived = sent
        sent.sealSYN(PerCarrier(all: .full), salt: 1, by: .plain)
        arrived.tcp.options = try OptionBlock([.maximumSegmentSize(536)] + Samples.options.dropFirst())
        arrived.setCarriers(sent.carriers, salt: 1)
        #expect(HeaderDifference.all(sent: sent, arrived: arrived).map(\.description) == ["option MSS 1460 -> 536"])
    }

    @Test("One fragment that speaks against the view may be chance and convicts nobody; two are no chance")
    func chance() throws {
        var arrived = try Samples.syn()
        arrived.tcp.options = try OptionBlock([.maximumSegmentSize(536)] + Samples.options.dropFirst())
        func check(_ types: PerCarrier<Coverage>) throws -> ResponderView.Check {
            var sent = try Samples.syn()
            sent.sealSYN(types, salt: 1, by: .plain)
            arrived.setCarriers(sent.carriers, salt: 1)
            return ResponderView(syn: arrived, isKeyed: false).check(sent: sent, status: PerCarrier(all: true))
        }
        let one = try check(PerCarrier(.mss, .windowScale, .timestamp))
        #expect(one.contradictions.map(\.description) == ["HMSS intact by isn"])
        #expect(!one.agrees && one.alert == nil)
        #expect(try check(PerCarrier(.nat, .noNAT, .noNAT)).alert?.contains("option MSS 1460 -> 536") == true)
    }

    @Test("Options in another order differ, though none of them does")
    func order() throws {
        let sent = try Samples.syn()
        var arrived = sent
        arrived.tcp.options = try OptionBlock(Samples.options.reversed())
        #expect(HeaderDifference.all(sent: sent, arrived: arrived).map(\.field) == ["options"])
    }

    @Test(
        "A box that mends plain integrity behind its change is convicted by the responder's view",
        arguments: [HostileMiddlebox.Tactic.recompute, .difference])
    func hostile(tactic: HostileMiddlebox.Tactic) throws {
        let initiator = Initiator(template: try Samples.syn())
        var random = SeededRandom(seed: 21)
        let box = Middlebox(forward: [.ecnFlagsCleared], parameters: ChangeParameters(using: &random))
        let liar = HostileMiddlebox(box, tactic: tactic)
        let syn = initiator.open(PerCarrier(all: .full), salt: 0x1234)
        let arrived = liar.forward(syn)
        let answer = Responder().answer(arrived, salt: 0x4321)
        let reading = initiator.read(liar.reverse(answer.synAck, of: syn), answering: syn)
        // In the path all is well.
        #expect(reading.forwardIntact(capable: true) == true)
        let check = ResponderView(syn: arrived, isKeyed: false).check(sent: syn, reading: reading, capable: true)
        #expect(!check.agrees)
        let alert = try #require(check.alert)
        #expect(alert.contains("HFULL intact") && alert.contains("TCP flags c2 -> 2"))
    }
}

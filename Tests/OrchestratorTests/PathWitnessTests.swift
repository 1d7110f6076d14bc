import HiccupsGuard
import L45Model
import Orchestrator
import Testing

@Suite("Both ends' word on one SYN")
struct PathWitnessTests {
    private static let edge = DeviceID("00112233445566778899aabbccddeeff")
    private static let branch = DeviceID("ffeeddccbbaa99887766554433221100")
    private static let path = PathName("wan/10.2.0.9")
    private static let place = PathTrust.Place(edge, path)
    private let noon = Timestamp(1_700_000_000_000)

    /// As a prober sends it, and as it came out of a box that lowers the MSS and, where it lies, mends the fragments.
    private func syn(port: UInt16 = 40_000, salt: UInt16 = 7, mss: UInt16 = 1460, mends: Bool = false) throws
        -> HandshakePacket
    {
        var tcp = TCPHeader(sourcePort: port, destinationPort: 4545)
        tcp.options = try OptionBlock([.maximumSegmentSize(1460)])
        let template = HandshakePacket(
            ip: .v4(IPv4Header(source: 0x0a01_0009, destination: 0x0a02_0009)), tcp: tcp)
        var syn = Initiator(template: template).open(PerCarrier(all: .full), salt: salt)
        syn.tcp.options = try OptionBlock([.maximumSegmentSize(mss)])
        if mends { syn.sealSYN(PerCarrier(all: .full), salt: salt, by: .plain) }
        return syn
    }

    private func exchange(
        _ syn: HandshakePacket, status: UInt8? = nil, at seconds: Int64 = 0, epoch: UInt64? = nil
    ) throws -> PathExchange {
        PathExchange(
            path: Self.path, opener: Self.edge, at: noon + .seconds(seconds), syn: try syn.wireBytes(), status: status,
            epoch: epoch)
    }

    private func tell(
        _ witness: inout PathWitness, sent: [PathExchange] = [], arrived: [PathExchange] = []
    ) -> [PathWitness.Finding] {
        witness.told(PathExchanges(sent: sent), by: Self.edge) { place, opens in opens && place == Self.place }
            + witness.told(PathExchanges(arrived: arrived), by: Self.branch) { place, opens in
                !opens && place == Self.place
            }
    }

    @Test("An honest box is named with old and new value, and agrees with what came back")
    func honest() throws {
        var witness = PathWitness()
        let found = tell(
            &witness, sent: [try exchange(try syn(), status: 0)], arrived: [try exchange(try syn(mss: 536))])
        #expect(found.map(\.alert) == [nil])
        #expect(found.first?.check.differences.map(\.description) == ["option MSS 1460 -> 536"])
        #expect(found.first?.place == Self.place)
    }

    @Test("A box that mends its change is convicted: the SYN-ACK says intact, and the far end saw another value")
    func liar() throws {
        var witness = PathWitness()
        let found = tell(
            &witness, sent: [try exchange(try syn(), status: 7)],
            arrived: [try exchange(try syn(mss: 536, mends: true))])
        let alert = try #require(found.first?.alert)
        #expect(alert.contains("HFULL intact") && alert.contains("option MSS 1460 -> 536"), "\(alert)")
    }

    @Test("Whichever end tells first, and however much later the other does, each SYN finds its own")
    func order() throws {
        var witness = PathWitness()
        let sent = try (0..<8).map { try exchange(try syn(port: 40_000 + $0, salt: $0), status: 7, at: Int64($0)) }
        let arrived = try (0..<8).reversed().map { at in
            try exchange(try syn(port: 40_000 + at, salt: at), at: Int64(at))
        }
        #expect(tell(&witness, arrived: arrived).isEmpty)
        let found = tell(&witness, sent: sent)
        #expect(found.count == 8)
        #expect(found.allSatisfy { $0.alert == nil && $0.check.differences.isEmpty })
        // Each is compared once.
        #expect(tell(&witness, sent: sent).isEmpty)
    }

    @Test("A SYN of the same port a minute later is another SYN")
    func portAgain() throws {
        var witness = PathWitness()
        let found = tell(
            &witness, sent: [try exchange(try syn(), status: 7)],
            arrived: [try exchange(try syn(salt: 99, mss: 536), at: 60)])
        #expect(found.isEmpty)
    }

    @Test(
        "Translated ports and sequence numbers are seen through; where the SYN-ACK says nothing, nothing contradicts it"
    )
    func translated() throws {
        var witness = PathWitness()
        var behind = try syn()
        behind.tcp.sourcePort = 61_000
        let found = tell(&witness, sent: [try exchange(try syn(), status: nil)], arrived: [try exchange(behind)])
        #expect(found.first?.check.differences.map(\.description) == ["source port 40000 -> 61000"])
        #expect(found.first?.alert == nil)
    }

    @Test("Nobody tells of a path at an end that it is not, and packets that are none are left out")
    func strangers() throws {
        var witness = PathWitness()
        let good = try exchange(try syn(), status: 7)
        #expect(witness.told(PathExchanges(sent: [good], arrived: [good]), by: Self.branch) { _, _ in true }.isEmpty)
        #expect(witness.told(PathExchanges(sent: [good]), by: Self.edge) { _, _ in false }.isEmpty)
        var bad = good
        bad.syn = [0x45, 0, 0]
        #expect(tell(&witness, sent: [bad], arrived: [bad]).isEmpty)
    }

    @Test("What one side alone tells is kept within bounds, and not at all once the path is gone")
    func bounds() throws {
        var witness = PathWitness()
        let many = try (0..<200).map { try exchange(try syn(port: 30_000 + $0, salt: $0), status: 7) }
        #expect(tell(&witness, sent: many).isEmpty)
        let found = tell(&witness, arrived: many)
        #expect(found.count == PathWitness.waitingMax)
        _ = tell(&witness, sent: many)
        witness.keepOnly([])
        #expect(tell(&witness, arrived: many).isEmpty)
    }
}

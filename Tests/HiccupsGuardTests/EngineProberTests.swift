import HiccupsGuard
import L45Model
import Synchronization
import Testing

@Suite("An agent's look at a path")
struct EngineProberTests {
    /// A path on which packets bear CE, by somebody's rule; answers as the engine would report.
    private final class Wire: Sendable {
        /// Marks the packet of that direction.
        let marks: @Sendable (HandshakePacket, Direction) -> Bool
        let asked = Mutex<[ProbeOptions]>([])

        init(marks: @escaping @Sendable (HandshakePacket, Direction) -> Bool) { self.marks = marks }

        private func pass(_ packet: HandshakePacket, _ direction: Direction) -> HandshakePacket {
            marks(packet, direction) ? packet.changed(by: .congestionMarked) : packet
        }

        func probe(_ target: ProbeTarget, _ options: ProbeOptions) throws -> ProbeReport {
            asked.withLock { $0.append(options) }
            var random = SeededRandom(seed: 11)
            let flags: TCPFlags = options.usesECN ? [.syn, .ece, .cwr] : .syn
            let initiator = Initiator(
                template: try Samples.syn(
                    ecn: options.usesECN ? .ect0 : .notECT, flags: flags, options: options.options))
            var interrogation = Interrogation(options.strategy)
            var report = ProbeReport(target: target, outcome: .capable)
            while let coverage = interrogation.next {
                let syn = initiator.open(coverage, salt: .random(in: .min ... .max, using: &random))
                let answer = Responder().answer(
                    pass(syn, .forward), salt: .random(in: .min ... .max, using: &random))
                let synAck = pass(answer.synAck, .reverse)
                if synAck.ip.ecn == .ce { report.sawMark = true }
                interrogation.record(initiator.read(synAck, answering: syn))
            }
            report.knowledge = interrogation.knowledge
            return report
        }
    }

    private func look(_ wire: Wire) async throws -> PathSight {
        let target = ProbeTarget(address: try HostAddress.resolve("192.0.2.2"), port: 4545)
        let path = GuardedPath(
            name: "wan/0", destination: try #require(AddressBlock("192.0.2.2")), policy: PathPolicy(), farAgent: false,
            target: target)
        return try await EngineProber(probe: { try wire.probe($0, $1) }).look(at: path)
    }

    @Test("A path without marks takes one look, at a fraction of a prober's rate")
    func clean() async throws {
        let wire = Wire { _, _ in false }
        let sight = try await look(wire)
        #expect(Direction.allCases.allSatisfy { sight[.ecn, $0].isIntact })
        let asked = wire.asked.withLock { $0 }
        #expect(asked.map(\.usesECN) == [true])
        #expect(asked.allSatisfy { $0.rate * PathGuard.looksAtOnce <= ProbeOptions().rate })
    }

    @Test(
        "Congestion marks, on what asks for ECN alone, are looked at again and are no change",
        arguments: Direction.allCases)
    func congestion(direction: Direction) async throws {
        let wire = Wire { packet, way in way == direction && packet.ip.ecn != .notECT }
        let sight = try await look(wire)
        #expect(wire.asked.withLock { $0.map(\.usesECN) } == [true, false])
        for way in Direction.allCases { #expect(sight[.ecn, way].isIntact, "\(way) \(sight[.ecn, way])") }
    }

    @Test(
        "A box that writes CE on everything is told from congestion by the second look", arguments: Direction.allCases)
    func rewrite(direction: Direction) async throws {
        let wire = Wire { _, way in way == direction }
        let sight = try await look(wire)
        #expect(wire.asked.withLock { $0.map(\.usesECN) } == [true, false])
        #expect(sight[.ecn, direction].isChanged)
        #expect(sight[.windowScaling, direction].isIntact)
    }

    @Test("Where the second look comes to nothing, nothing is known of ECN, and the rest stands")
    func lost() async throws {
        let wire = Wire { packet, _ in packet.ip.ecn != .notECT }
        let target = ProbeTarget(address: try HostAddress.resolve("192.0.2.2"), port: 4545)
        let path = GuardedPath(
            name: "wan/0", destination: try #require(AddressBlock("192.0.2.2")), policy: PathPolicy(), farAgent: false,
            target: target)
        let prober = EngineProber { target, options in
            guard options.usesECN else { return ProbeReport(target: target, outcome: .silent) }
            return try wire.probe(target, options)
        }
        let sight = try await prober.look(at: path)
        for way in Direction.allCases {
            #expect(sight[.ecn, way].isUnknown)
            #expect(sight[.sack, way].isIntact)
        }
    }
}

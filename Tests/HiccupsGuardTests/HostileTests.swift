import HiccupsGuard
import L45Model
import Testing

@Suite("A middlebox that knows the protocol")
struct HostileTests {
    /// Strips ECN both ways, the seed's own case, and mends the integrity.
    private func exchange(
        _ functions: FragmentFunctions, _ tactic: HostileMiddlebox.Tactic, _ coverage: Coverage,
        guess: FragmentFunctions = .plain, seen: (HandshakePacket, HandshakePacket)? = nil
    ) throws -> (SynReading, ReplyReading) {
        let initiator = Initiator(template: try Samples.syn(), functions: functions)
        var random = SeededRandom(seed: 21)
        let box = Middlebox(
            forward: [.ecnFlagsCleared], reverse: [.ecnFlagsCleared], parameters: ChangeParameters(using: &random))
        let hostile = HostileMiddlebox(box, tactic: tactic, guess: guess)
        let syn = initiator.open(PerCarrier(all: coverage), salt: 0x1234)
        let arrived = hostile.forward(syn, seen: seen?.0)
        // The connection opens as if nothing were wrong.
        #expect(arrived.tcp.flags == .syn)
        var responder = Responder(functions: functions)
        if case .appSalted = functions { responder.functions = .plain }
        let answer = responder.answer(arrived, salt: 0x4321)
        let back = hostile.reverse(answer.synAck, of: syn, seen: seen?.1)
        return (arrived.readSYN(by: functions), initiator.read(back, answering: syn))
    }

    static let covering: [Coverage] = [.noNAT, .full, .noOptions, .ecnTCP]

    @Test("It passes plain HICCUPS unseen", arguments: covering)
    func plain(coverage: Coverage) throws {
        for tactic in [HostileMiddlebox.Tactic.recompute, .difference] {
            let (syn, reply) = try exchange(.plain, tactic, coverage)
            #expect(syn.verdict == .intact(coverage, overwritten: nil))
            #expect(reply.forwardIntact(capable: false) == true)
            #expect(reply.reverseIntact(coverage) == true)
        }
    }

    @Test("Keyed integrity catches it, whatever it tries", arguments: covering, HostileMiddlebox.Tactic.allCases)
    func keyed(coverage: Coverage, tactic: HostileMiddlebox.Tactic) throws {
        let key = try Samples.key(7)
        // What it saw before: an honest exchange of the packet as it wants it to be.
        var earlier = Samples.path(try Samples.syn(flags: .syn), functions: .keyed(key, exchange: 41))
        earlier.responder.functions = .keyed(key, exchange: 41)
        var random = SeededRandom(seed: 22)
        let seen = try earlier.exchange(PerCarrier(all: coverage), using: &random)
        #expect(seen.reply.evidence == 3)

        let (syn, reply) = try exchange(.keyed(key, exchange: 42), tactic, coverage, seen: (seen.syn, seen.synAck))
        #expect(syn.verdict == .changedOrIncapable)
        #expect(reply.forwardIntact(capable: true) != true)
        #expect(reply.reverseIntact(coverage) != true)
    }

    @Test("Keyed: forging the status bits alone is seen too", arguments: covering)
    func forgedStatus(coverage: Coverage) throws {
        let functions = FragmentFunctions.keyed(try Samples.key(8), exchange: 1)
        let initiator = Initiator(template: try Samples.syn(), functions: functions)
        let syn = initiator.open(PerCarrier(all: coverage), salt: 1)
        var arrived = syn
        arrived.tcp.flags = .syn
        var back = Responder(functions: functions).answer(arrived, salt: 2).synAck
        #expect(initiator.read(back, answering: syn).forwardIntact(capable: false) == false)
        back.setCarriers(back.carriers.map { $0 | 0xf000 }, salt: 2)
        #expect(initiator.read(back, answering: syn).forwardIntact(capable: true) != true)
    }

    @Test(
        "AppSalt hides the fragments until the data comes; a box that guessed the data is not seen", arguments: covering
    )
    func appSalt(coverage: Coverage) throws {
        let data = Array("GET /status HTTP/1.1\r\nHost: resolver.example\r\n".utf8)
        let salt = FragmentFunctions.appSalted(AppSalt(data))
        for tactic in [HostileMiddlebox.Tactic.recompute, .difference] {
            let unseen = try exchange(salt, tactic, coverage)
            #expect(unseen.0.verdict == .changedOrIncapable, "\(tactic)")
        }
        let guessed = try exchange(salt, .recompute, coverage, guess: salt)
        #expect(guessed.0.verdict == .intact(coverage, overwritten: nil))
    }

    @Test("AppSalt: the responder keeps the SYN and decides when the first 40 bytes are there")
    func appSaltHonest() throws {
        let data = (0..<60).map { UInt8($0) }
        let initiator = Initiator(template: try Samples.syn(), functions: .appSalted(AppSalt(data)))
        let syn = initiator.open(PerCarrier(all: .noNAT), salt: 77)
        #expect(syn.readSYN(by: .plain).verdict == .changedOrIncapable, "nobody can tell before")
        let answer = Responder().answer(syn, salt: 78)
        let reply = initiator.read(answer.synAck, answering: syn)
        #expect(reply.evidence == 3, "the answer is readable, and proves that the far end takes part")
        #expect(syn.readSYN(by: .appSalted(AppSalt(data.prefix(40)))).verdict == .intact(.noNAT, overwritten: nil))
        #expect(syn.readSYN(by: .appSalted(AppSalt(data.prefix(39)))).verdict == .changedOrIncapable)
        var changed = syn
        changed.ip.ecn = .notECT
        #expect(changed.readSYN(by: .appSalted(AppSalt(data))).verdict == .changedOrIncapable)
    }

    @Test(
        "Keyed integrity finds every honest change as plain does, and tells neither exchange nor key apart from a change",
        arguments: HeaderChange.allCases)
    func keyedDetects(change: HeaderChange) throws {
        let functions = FragmentFunctions.keyed(try Samples.key(3), exchange: 5)
        var random = SeededRandom(seed: 23)
        for coverage in Coverage.allCases {
            let path = Samples.path(try Samples.template(for: change), forward: [change], functions: functions)
            let seen = try path.exchange(PerCarrier(all: coverage), using: &random)
            let changed = DetectionTests.expected(change).types.contains(coverage)
            #expect(seen.reply.forwardIntact(capable: false) == !changed)
            #expect(seen.reply.reverseIntact(coverage) == true)
            #expect(seen.synArrived.readSYN(by: .keyed(try Samples.key(3), exchange: 6)).verdict == .changedOrIncapable)
            #expect(seen.synArrived.readSYN(by: .keyed(try Samples.key(4), exchange: 5)).verdict == .changedOrIncapable)
        }
    }
}

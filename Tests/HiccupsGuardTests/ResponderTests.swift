import HiccupsGuard
import L45Model
import Testing

@Suite("The responder")
struct ResponderTests {
    private let secret = PathKey(Secret(Array(repeating: 9, count: 16)))
    private let key = PathKey(Secret(Array(repeating: 7, count: 16)))
    private let otherKey = PathKey(Secret(Array(repeating: 8, count: 16)))

    private func syn(_ functions: FragmentFunctions = .plain, _ coverage: Coverage = .full) throws -> HandshakePacket {
        Initiator(template: try Samples.syn(), functions: functions).open(PerCarrier(all: coverage), salt: 77)
    }

    @Test("A prober's SYN bears the mark, which no fragment covers and a lost one is read without")
    func mark() throws {
        let marked = try syn()
        #expect(marked.isMarkedProbe)
        let unmarked = Initiator(template: try Samples.syn(), isMarked: false).open(PerCarrier(all: .full), salt: 77)
        #expect(!unmarked.isMarkedProbe)
        #expect(marked.carriers == unmarked.carriers)
        #expect(unmarked.readSYN(by: .plain).verdict == .intact(.full, overwritten: nil))
    }

    @Test("A SYN-ACK with the mark as its acknowledgement is no probe")
    func synAckIsNoProbe() throws {
        var packet = try syn()
        packet.tcp.flags.insert(.ack)
        #expect(!packet.isMarkedProbe)
    }

    @Test("A SYN that comes again gets the same answer, from another port another one")
    func retransmission() throws {
        let secret = try #require(secret)
        let first = ProbeAnswer(to: try syn(), keys: PathKeyring(), slot: 5, secret: secret)
        let again = ProbeAnswer(to: try syn(), keys: PathKeyring(), slot: 6, secret: secret)
        #expect(first.synAck == again.synAck)
        var other = try syn()
        other.tcp.sourcePort += 1
        let elsewhere = ProbeAnswer(to: other, keys: PathKeyring(), slot: 5, secret: secret)
        #expect(elsewhere.synAck.tcp.sequence & 0xffff != first.synAck.tcp.sequence & 0xffff)
    }

    @Test("A peer's SYN is read by its key, in its own and the neighbouring time slots, and no further")
    func slots() throws {
        let secret = try #require(secret)
        let key = try #require(key)
        for (slot, isRead) in [(UInt64(9), true), (10, true), (11, true), (12, false)] {
            let syn = try syn(.keyed(key, exchange: slot))
            let keys = PathKeyring(byPeer: [syn.ip.source: [key]])
            let answer = ProbeAnswer(to: syn, keys: keys, slot: 10, secret: secret)
            #expect((answer.reading.verdict == .intact(.full, overwritten: nil)) == isRead, "slot \(slot)")
        }
    }

    @Test("The slots at the ends of the number range have neighbours too")
    func firstSlot() throws {
        let secret = try #require(secret)
        let key = try #require(key)
        let syn = try syn(.keyed(key, exchange: 1))
        let answer = ProbeAnswer(to: syn, keys: PathKeyring(common: key), slot: 0, secret: secret)
        #expect(answer.isKeyed && answer.reading.matches.count { $0 } == 3)
    }

    @Test("A public SYN is answered by the public functions, and is said to be")
    func plainBesideKeys() throws {
        let secret = try #require(secret)
        let syn = try syn()
        let answer = ProbeAnswer(to: syn, keys: PathKeyring(common: key), slot: 10, secret: secret)
        #expect(!answer.isKeyed)
        #expect(answer.reading.verdict == .intact(.full, overwritten: nil))
    }

    @Test("A peer that has a key is not read by another's")
    func othersKey() throws {
        let secret = try #require(secret)
        let key = try #require(key)
        let otherKey = try #require(otherKey)
        let syn = try syn(.keyed(otherKey, exchange: 10))
        let stranger = HostAddress.v4(0x0a00_00ff)
        let keys = PathKeyring(byPeer: [syn.ip.source: [key], stranger: [otherKey]])
        let answer = ProbeAnswer(to: syn, keys: keys, slot: 10, secret: secret)
        #expect(answer.reading.verdict == .changedOrIncapable)
    }

    @Test("A peer behind a translator is read by its key all the same")
    func translated() throws {
        let secret = try #require(secret)
        let key = try #require(key)
        var syn = try syn(.keyed(key, exchange: 10), .noNAT)
        let keys = PathKeyring(byPeer: [syn.ip.source: [key]])
        guard case .v4(var header) = syn.ip else { return }
        header.source = 0xc633_6401
        syn.ip = .v4(header)
        let answer = ProbeAnswer(to: syn, keys: keys, slot: 10, secret: secret)
        #expect(answer.isKeyed)
        #expect(answer.reading.verdict == .intact(.noNAT, overwritten: nil))
    }

    @Test("A keyring does not print its keys")
    func silence() throws {
        let keys = PathKeyring(byPeer: [.v4(1): [try #require(key)]], common: key)
        #expect("\(keys)" == "path keys of 1 peer, and one for all others")
    }

    @Test("A flood is answered at the rate that was set, after a burst of as many")
    func budget() {
        var budget = AnswerBudget(perSecond: 100)
        let start = ContinuousClock.now
        let burst = (0..<1000).count { _ in budget.take(now: start) }
        #expect(burst == 100)
        #expect(budget.refused == 900)
        let inASecond = (1...1000).count { budget.take(now: start + .milliseconds($0)) }
        #expect((99...101).contains(inASecond))
        // However long it was quiet, no more than one burst.
        let late = (0..<1000).count { _ in budget.take(now: start + .seconds(3600)) }
        #expect(late == 100)
    }

    @Test("Listening ports are told from /proc/net/tcp, of both families")
    func listening() {
        let text = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
               1: 0100007F:1F91 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1
               2: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 3 1
               3: broken
            """
        #expect(ListeningPorts.parse(text) == [8080, 443])
    }
}

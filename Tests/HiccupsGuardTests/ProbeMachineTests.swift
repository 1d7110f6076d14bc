import L45Model
import Testing

@testable import HiccupsGuard

/// A prober against far ends that a test plays itself, in virtual time: no socket, no waiting.
struct ProbeMachineTests {
    private static let start = ContinuousClock.now
    private static let source = HostAddress.v4(Samples.client)

    /// One path under way, and its SYN.
    private struct Scene {
        var machine: ProbeMachine
        var now = ProbeMachineTests.start
        let port: UInt16 = 50_000

        init(isIPv6: Bool = false, _ change: (inout ProbeOptions) -> Void = { _ in }) throws {
            var options = ProbeOptions()
            options.timeout = .seconds(1)
            change(&options)
            machine = try ProbeMachine(options)
            let address = isIPv6 ? HostAddress("2001:db8::7") : .v4(Samples.server)
            machine.begin(ProbeJob(target: ProbeTarget(address: try #require(address), port: 443)))
        }

        mutating func ask() throws -> HandshakePacket {
            let next = machine.nextReady()
            let slot = try #require(next)
            let target = try #require(machine.target(slot))
            let own = target.address.isIPv6 ? try #require(HostAddress("2001:db8::1")) : ProbeMachineTests.source
            let opened = try machine.open(slot, from: own, port: port, salt: 77, by: .plain, now: now)
            return try #require(opened).syn
        }

        mutating func take(
            _ bytes: [UInt8], checksums: HandshakePacket.Checksums = .verified
        ) -> ProbeMachine.Answer? {
            machine.take(bytes.span, checksums: checksums, now: now)
        }

        /// Nothing more comes: the SYNs that are left run into their timeouts.
        mutating func silence() throws -> ProbeReport {
            for _ in 0..<Interrogation.silencesMax {
                now += .seconds(2)
                if let report = machine.expire(now: now)?.report { return report }
                _ = try ask()
            }
            throw SceneError.endless
        }
    }

    private enum SceneError: Error { case endless }

    @Test(
        "A far end that takes part on a clean path is known after one exchange, which ends with an RST",
        arguments: [false, true])
    func clean(isIPv6: Bool) throws {
        var scene = try Scene(isIPv6: isIPv6)
        let syn = try scene.ask()
        scene.now += .milliseconds(30)
        let reply = try Responder().answer(syn, salt: 9).synAck.wireBytes()
        let taken = scene.take(reply)
        let answer = try #require(taken)
        let report = try #require(answer.report)
        #expect(report.outcome == .capable)
        #expect(report.findings.isEmpty)
        #expect(report.exchanges == 1)
        #expect(report.roundTrip == .milliseconds(30))
        let reset = try HandshakePacket(parsing: try #require(answer.reply))
        #expect(reset.tcp.flags == .rst)
        #expect(reset.tcp.sequence == syn.tcp.sequence &+ 1)
        #expect(reset.ip.destination == syn.ip.destination)
        #expect(scene.machine.count == 0)
        #expect(scene.take(reply) == nil, "an answer counts once")
    }

    @Test("In IPv6 the second fragment travels in the flow label, and a router that clears it is found")
    func flowLabel() throws {
        var scene = try Scene(isIPv6: true)
        var last: ProbeReport?
        while last == nil {
            var syn = try scene.ask()
            guard case .v6(var header) = syn.ip else { throw SceneError.endless }
            #expect(header.flowLabel >> 16 == 8, "never 0: a router may fill that in")
            header.flowLabel = 0
            syn.ip = .v6(header)
            last = scene.take(try Responder().answer(syn, salt: 9).synAck.wireBytes())?.report
        }
        #expect(last?.outcome == .capable)
        #expect(last?.findings == [PathFinding(direction: .forward, subject: .carrier(.ipid))])
    }

    @Test("Silence ends after three SYNs")
    func silent() throws {
        var scene = try Scene()
        _ = try scene.ask()
        #expect(scene.machine.expire(now: scene.now + .milliseconds(999)) == nil)
        let report = try scene.silence()
        #expect(report.outcome == .silent)
        #expect(report.synsSent == 3)
    }

    @Test("An RST from the target refuses; one from elsewhere, or for something else, does not")
    func refused() throws {
        var scene = try Scene()
        let syn = try scene.ask()
        func rst(_ ack: UInt32, from: HostAddress, port: UInt16 = 443) throws -> [UInt8] {
            var tcp = TCPHeader(sourcePort: port, destinationPort: syn.tcp.sourcePort, flags: [.rst, .ack])
            tcp.acknowledgement = ack
            let ip = try #require(IPHeader(from: from, to: Self.source))
            return try HandshakePacket(ip: ip, tcp: tcp).wireBytes()
        }
        let good = syn.tcp.sequence &+ 1
        #expect(scene.take(try rst(good &+ 1, from: syn.ip.destination)) == nil)
        #expect(scene.take(try rst(good, from: .v4(1))) == nil)
        #expect(scene.take(try rst(good, from: syn.ip.destination, port: 80)) == nil)
        #expect(scene.take(try rst(good, from: syn.ip.destination))?.report?.outcome == .refused)
    }

    @Test("Whatever is no answer is said of a host that would else be called silent")
    func strays() throws {
        var scene = try Scene()
        let syn = try scene.ask()
        let right = Responder().answer(syn, salt: 9).synAck
        var bytes = try right.wireBytes()
        bytes[36] ^= 0x55
        #expect(scene.take(bytes) == nil, "a wrong checksum")
        var other = right
        other.tcp.acknowledgement &+= 1
        #expect(scene.take(try other.wireBytes()) == nil)
        other = right
        other.tcp.sourcePort = 80
        #expect(scene.take(try other.wireBytes()) == nil)
        other = right
        other.tcp.flags = .ack
        #expect(scene.take(try other.wireBytes()) == nil)
        let report = try scene.silence()
        #expect(report.outcome == .silent)
        #expect(report.unreadable == 1)
        #expect(report.unasked == 3)
    }

    @Test("An answer from another address is told, and does not count")
    func elsewhere() throws {
        var scene = try Scene()
        let syn = try scene.ask()
        var right = Responder().answer(syn, salt: 9).synAck
        right.ip = try #require(IPHeader(from: .v4(Samples.server + 1), to: Self.source))
        #expect(scene.take(try right.wireBytes()) == nil)
        let report = try scene.silence()
        #expect(report.outcome == .silent)
        #expect(report.answeredFrom == .v4(Samples.server + 1))
    }

    @Test("Every prefix of an answer, and every answer with one byte changed, leaves the search standing")
    func mutilated() throws {
        var scene = try Scene()
        let syn = try scene.ask()
        let right = try Responder().answer(syn, salt: 9).synAck.wireBytes()
        for count in 0..<right.count { #expect(scene.take(Array(right[..<count])) == nil, "\(count) bytes") }
        for index in right.indices {
            var bytes = right
            bytes[index] ^= 0x10
            // Checksums catch each of them.
            #expect(scene.take(bytes) == nil, "byte \(index)")
        }
        #expect(scene.take(right)?.report?.outcome == .capable)
    }

    @Test("A far end that answers at random is not called capable, and never keeps the search going without end")
    func randomAnswers() throws {
        var random = SeededRandom(seed: 5)
        for strategy in Interrogation.Strategy.allCases {
            for _ in 0..<300 {
                var scene = try Scene { $0.strategy = strategy }
                var report: ProbeReport?
                var asked = 0
                while report == nil {
                    let syn = try scene.ask()
                    asked += 1
                    #expect(asked <= Interrogation.exchangesMax)
                    var synAck = Responder().answer(syn, salt: 9).synAck
                    synAck.tcp.sequence = .random(in: .min ... .max, using: &random)
                    synAck.tcp.window = .random(in: .min ... .max, using: &random)
                    synAck.ip.identification = .random(in: .min ... .max, using: &random)
                    report = scene.take(try synAck.wireBytes())?.report
                }
                #expect(report?.outcome == .notCapable)
            }
        }
    }

    @Test("A path that ends leaves its place to the next, and late answers find nobody")
    func slots() throws {
        var scene = try Scene()
        let syn = try scene.ask()
        let late = try Responder().answer(syn, salt: 9).synAck.wireBytes()
        _ = try scene.silence()
        #expect(scene.machine.count == 0)
        scene.machine.begin(ProbeJob(target: ProbeTarget(address: .v4(Samples.server), port: 80)))
        _ = try scene.ask()
        #expect(scene.take(late) == nil)
        #expect(scene.machine.count == 1)
    }

    @Test(
        "Under AppSalt a box that recomputes public fragments is found, and an honest path is known to be one",
        arguments: [false, true])
    func appSalt(isHostile: Bool) throws {
        var scene = try Scene { $0.usesAppSalt = true }
        var random = SeededRandom(seed: 3)
        let box = HostileMiddlebox(
            Middlebox(forward: [.mssLowered], parameters: ChangeParameters(using: &random)), tactic: .recompute)
        var waiting = WaitingSyns()
        var report: ProbeReport?
        for _ in 0..<8 where report == nil {
            let sent = try scene.ask()
            let syn = isHostile ? box.forward(sent) : sent
            // A box that writes another ISN translates all that follows.
            let offset = syn.tcp.sequence &- sent.tcp.sequence
            var synAck = Responder().answer(syn, salt: 9).synAck
            synAck.tcp.acknowledgement &-= offset
            waiting.keep(syn, now: scene.now)
            let answer = scene.take(try synAck.wireBytes())
            report = answer?.report
            var reply = try HandshakePacket(parsing: try #require(answer?.reply))
            guard !reply.payload.isEmpty else { continue }
            #expect(reply.payload.count == AppSalt.bytesMax)
            #expect(reply.tcp.acknowledgement == synAck.tcp.sequence &+ 1)
            reply.tcp.sequence &+= offset
            let told = waiting.answer(reply, now: scene.now)
            var line = try HandshakePacket(parsing: try #require(told))
            line.tcp.acknowledgement &-= offset
            report = scene.take(try line.wireBytes())?.report
        }
        #expect(report?.outcome == .capable)
        #expect(report?.findings.isEmpty == true, "the public fragments say nothing")
        #expect(report?.appSalt == (isHostile ? .changed : .intact))
    }

    @Test("A far end that says nothing of AppSalt is capable all the same, and told so")
    func appSaltUntold() throws {
        var scene = try Scene { $0.usesAppSalt = true }
        let syn = try scene.ask()
        #expect(scene.take(try Responder().answer(syn, salt: 9).synAck.wireBytes())?.report == nil)
        _ = try scene.ask()
        let report = try scene.silence()
        #expect(report.outcome == .capable)
        #expect(report.appSalt == .untold)
    }

    @Test("SYNs that wait for data are bounded in number and time, and only their own data is answered")
    func waitingSyns() throws {
        var waiting = WaitingSyns()
        let syn = try Samples.syn()
        func data(after syn: HandshakePacket, offset: UInt32 = 1) -> HandshakePacket {
            var segment = HandshakePacket(ip: syn.ip, tcp: syn.tcp, payload: [1, 2, 3])
            segment.tcp.flags = [.ack, .psh]
            segment.tcp.sequence &+= offset
            return segment
        }
        waiting.keep(syn, now: Self.start)
        #expect(waiting.answer(data(after: syn), now: Self.start) != nil)
        #expect(waiting.answer(data(after: syn, offset: 2), now: Self.start) == nil)
        #expect(waiting.answer(data(after: syn), now: Self.start + .seconds(11)) == nil)
        for number in 0..<WaitingSyns.countMax {
            var other = syn
            other.tcp.sourcePort = UInt16(number)
            waiting.keep(other, now: Self.start)
        }
        #expect(waiting.answer(data(after: syn), now: Self.start) == nil, "the oldest left first")
    }

    @Test("Each trial is asked for as it is written")
    func trials() throws {
        for trial in ProbeTrial.seed {
            var scene = try Scene { $0.trials = [trial] }
            let syn = try scene.ask()
            #expect(syn.tcp.options.options == trial.options)
            #expect((syn.ip.ecn == .ect0) == trial.usesECN)
            #expect(syn.tcp.flags.contains(.ece) == trial.usesECN)
        }
    }

    @Test("A path under way takes less than two kilobytes")
    func memory() { #expect(ProbeMachine.flowBytes < 2048, "\(ProbeMachine.flowBytes) bytes") }
}

extension ProbeMachine.Answer: Equatable {
    /// Enough to tell none from some.
    static func == (left: Self, right: Self) -> Bool { left.slot == right.slot }
}

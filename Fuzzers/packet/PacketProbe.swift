import L45Model

@testable import HiccupsGuard

/// One execution of the packet fuzzer: bytes that came from anywhere, read by everything that reads packets of strangers. What must
/// hold for all bytes is checked by `check`, which ends the program.
enum PacketProbe {
    static func run(_ bytes: [UInt8]) {
        _ = PacketGlance(bytes.span)
        if let packet = try? HandshakePacket(parsing: bytes) { rewrite(packet) }
        guard let packet = try? HandshakePacket(parsing: bytes, checksums: .ignored) else { return }
        rewrite(packet)
        options(packet.tcp.options)
        let same = HeaderComparison(sent: packet, received: packet)
        check(same.changed.isEmpty && same.overwritten.isEmpty, "a packet differs from itself")
        for functions in [FragmentFunctions.plain, .appSalted(AppSalt(bytes))] { answer(packet, functions) }
        for change in HeaderChange.allCases {
            var random = SeededRandom(seed: UInt64(bytes.count))
            rewrite(packet.changed(by: change, ChangeParameters(using: &random), .forward))
        }
        machine(packet)
    }

    /// What was read and written again reads the same.
    private static func rewrite(_ packet: HandshakePacket) {
        guard let bytes = try? packet.wireBytes(), let again = try? HandshakePacket(parsing: bytes) else {
            return check(false, "a packet that was read cannot be written and read again")
        }
        check(again == packet, "a packet that was written reads otherwise")
    }

    private static func options(_ block: OptionBlock) {
        let typed = block.options
        guard let again = try? OptionBlock(typed) else { return check(false, "options that were read do not fit") }
        check(again.options == typed, "options that were written read otherwise")
    }

    /// As a SYN, to a responder, and as a SYN-ACK, to an initiator.
    private static func answer(_ packet: HandshakePacket, _ functions: FragmentFunctions) {
        let (synAck, _) = Responder(functions: functions).answer(packet, salt: 7)
        rewrite(synAck)
        let initiator = Initiator(template: packet, functions: functions)
        for coverage in [PerCarrier<Coverage>(all: .noNAT), PerCarrier(.nat, .noNAT, .noNAT)] {
            let reading = initiator.read(packet, answering: initiator.open(coverage, salt: 9))
            _ = PathKnowledge([reading]).findings
        }
    }

    /// As an answer to a prober that waits for just this one: addresses, ports and acknowledgement are made to fit.
    private static func machine(_ packet: HandshakePacket) {
        var options = ProbeOptions()
        options.timeout = .seconds(1)
        guard var machine = try? ProbeMachine(options) else { return check(false, "no machine") }
        let now = ContinuousClock.now
        machine.begin(ProbeJob(target: ProbeTarget(address: packet.ip.source, port: packet.tcp.sourcePort)))
        var answers = 0
        while machine.count > 0 {
            guard let slot = machine.nextReady() else { break }
            let opened = try? machine.open(
                slot, from: packet.ip.destination, port: packet.tcp.destinationPort, salt: 3, by: .plain, now: now)
            guard let syn = opened?.syn else { return check(false, "no SYN to an address that was read") }
            var reply = packet
            reply.tcp.acknowledgement = syn.tcp.sequence &+ 1
            guard let bytes = try? reply.wireBytes() else { return }
            _ = machine.take(bytes.span, checksums: .verified, now: now)
            answers += 1
            check(answers <= Interrogation.exchangesMax, "one far end keeps a search going without end")
        }
        for _ in 0..<Interrogation.silencesMax where machine.count > 0 {
            while machine.expire(now: now + .seconds(5)) != nil {}
            if let slot = machine.nextReady() {
                _ = try? machine.open(
                    slot, from: packet.ip.destination, port: packet.tcp.destinationPort, salt: 3, by: .plain, now: now)
            }
        }
        check(machine.count == 0, "a path without an answer does not end")
    }

    private static func check(_ holds: Bool, _ what: String) { if !holds { fatalError(what) } }

    /// Packets to begin with.
    static func seeds() -> [[UInt8]] {
        var found: [[UInt8]] = []
        for trial in ProbeTrial.seed {
            for ip in [
                IPHeader.v4(IPv4Header(source: 0x0a00_0001, destination: 0xc000_0207)),
                .v6(IPv6Header(source: .init(high: 1, low: 2), destination: .init(high: 3, low: 4))),
            ] {
                var tcp = TCPHeader(sourcePort: 50_000, destinationPort: 443)
                tcp.options = (try? OptionBlock(trial.options)) ?? OptionBlock()
                let initiator = Initiator(template: HandshakePacket(ip: ip, tcp: tcp))
                let syn = initiator.open(PerCarrier(.nat, .noNAT, .noNAT), salt: 5)
                for packet in [syn, Responder().answer(syn, salt: 6).synAck] {
                    if let bytes = try? packet.wireBytes() { found.append(bytes) }
                }
            }
        }
        return found
    }
}

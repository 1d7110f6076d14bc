/// Answers HICCUPS SYNs past the kernel's TCP: on ports of its own, and beside ordinary services on theirs.
///
/// On a service's port it takes the SYNs that bear the ``ProbeMark`` and no others. The service's TCP sees nothing of a
/// probe, neither its backlog nor its SYN cookies are touched; clients' connections, whatever they carry, are the kernel's
/// alone. When the responder ends, also by SIGKILL, probes reach the service like any SYN.
///
/// Chosen over the queueing of SYNs to user space (NFQUEUE) with translated sequence numbers, which delays every client's SYN, needs
/// conntrack and puts an offset on every connection for its life; and over a BPF program that makes the connections, which needs
/// Linux 6.8.
package final class HiccupsResponder {
    /// What came in: the header as it arrived, and what its fragments say.
    package struct Seen: Sendable {
        package let syn: HandshakePacket
        package let reading: SynReading
        /// The key that two fragments or more were found right by; nil: by none.
        package let key: PathKey?
    }

    /// Answers per second on the ports of services, where nothing else is wished.
    package static let answersPerSecond = 10_000

    private let ports: [HeldPort]
    private let own: PacketSocket?
    private let services: TakenProbes?
    private let keys: @Sendable () -> PathKeyring
    private let slot: @Sendable () -> UInt64
    private let secret = PathKey(low: .random(in: .min ... .max), high: .random(in: .min ... .max))
    private var budget: AnswerBudget
    private var localAddresses = LocalAddresses()
    private var waiting = WaitingSyns()
    private let clock = ContinuousClock()

    /// - Parameters:
    ///   - ports: TCP ports that nobody listens on, at most 1000; 0 takes any that is free.
    ///   - services: TCP ports that others listen on, at most 256.
    ///   - keys: the secrets of keyed integrity, asked for with each burst of SYNs; SYNs under the public functions are answered
    ///     under those all the same.
    ///   - slot: the exchange number of keyed integrity.
    package init(
        ports: [UInt16] = [], services: [UInt16] = [], answersPerSecond: Int = HiccupsResponder.answersPerSecond,
        slot: @escaping @Sendable () -> UInt64 = { TimeSlot.current() },
        keys: @escaping @Sendable () -> PathKeyring
    ) throws(ProbeError) {
        guard services.count <= TakenProbes.portsMax, !services.contains(0) else {
            throw .badOption("services: at most \(TakenProbes.portsMax) TCP ports, from 1 to 65535")
        }
        var held: [HeldPort] = []
        for port in ports { held.append(try HeldPort(port)) }
        self.ports = held
        own = held.isEmpty ? nil : try PacketSocket(ports: held.map(\.number))
        self.keys = keys
        self.slot = slot
        budget = AnswerBudget(perSecond: answersPerSecond)
        // Last: from here on the kernel answers no probe.
        self.services = services.isEmpty ? nil : try TakenProbes(ports: services)
    }

    package convenience init(ports: [UInt16] = [], services: [UInt16] = [], key: PathKey? = nil) throws(ProbeError) {
        let keys = PathKeyring(common: key)
        try self.init(ports: ports, services: services) { keys }
    }

    /// The ports of its own that are answered on.
    package var numbers: [UInt16] { ports.map(\.number) }

    /// Answers until told to stop; blocks.
    package func run(_ stop: StopFlag, seen: (Seen) -> Void = { _ in }) throws(ProbeError) {
        let descriptors = [own?.descriptor, services?.descriptor].compactMap { $0 }
        while !stop.isSet {
            PacketSocket.wait(descriptors: descriptors, nanoseconds: StopFlag.lookEvery)
            let keys = keys()
            if let own { try answer(own, keys, seen) }
            if let services { try answer(services, keys, seen) }
        }
    }

    /// Probes that the budget left unanswered.
    package var refused: UInt64 { budget.refused }

    /// Of a burst, this much before the other socket is looked at.
    private static let burstMax = 512

    private func answer(_ socket: PacketSocket, _ keys: PathKeyring, _ seen: (Seen) -> Void) throws(ProbeError) {
        for _ in 0..<Self.burstMax {
            guard let received = try socket.receive() else { return }
            // Between bind and filter a packet socket takes in everything, and what is only routed through is seen too.
            guard let packet = HandshakePacket(received), numbers.contains(packet.tcp.destinationPort),
                localAddresses.contains(packet.ip.destination, now: clock.now)
            else { continue }
            if packet.isSYN {
                waiting.keep(packet, now: clock.now)
                if let bytes = answer(packet, keys, seen) { socket.send(bytes, over: received.link) }
            } else if let bytes = waiting.answer(packet, now: clock.now) ?? reset(packet) {
                socket.send(bytes, over: received.link)
            }
        }
    }

    private func answer(_ taken: TakenProbes, _ keys: PathKeyring, _ seen: (Seen) -> Void) throws(ProbeError) {
        for _ in 0..<Self.burstMax {
            guard let received = try taken.receive() else { return }
            guard budget.take(now: clock.now), let packet = HandshakePacket(received), packet.isMarkedProbe,
                let bytes = answer(packet, keys, seen)
            else { continue }
            taken.send(bytes, over: received.link)
        }
    }

    private func answer(_ syn: HandshakePacket, _ keys: PathKeyring, _ seen: (Seen) -> Void) -> [UInt8]? {
        let answer = ProbeAnswer(to: syn, keys: keys, slot: slot(), secret: secret)
        let isRead = answer.reading.matches.count { $0 } >= 2
        seen(Seen(syn: syn, reading: answer.reading, key: isRead ? answer.key : nil))
        return try? answer.synAck.wireBytes()
    }

    /// For what is no SYN, by RFC 9293 section 3.5.2; never in answer to an RST. There is no service here.
    private func reset(_ packet: HandshakePacket) -> [UInt8]? {
        let flags = packet.tcp.flags
        guard flags.isDisjoint(with: [.rst, .syn]), flags.contains(.ack),
            let ip = IPHeader(from: packet.ip.destination, to: packet.ip.source)
        else { return nil }
        var tcp = TCPHeader(
            sourcePort: packet.tcp.destinationPort, destinationPort: packet.tcp.sourcePort, flags: .rst)
        tcp.sequence = packet.tcp.acknowledgement
        return try? HandshakePacket(ip: ip, tcp: tcp).wireBytes()
    }
}

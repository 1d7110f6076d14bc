/// The loop that probes: SYNs out at a rate, answers in, each target by its own interrogation.
///
/// One exchange uses a source port that the one before did not, and ends with an RST, so that no half-open connection of the far
/// end answers for the next.
struct ProbeEngine {
    private struct Flow {
        let target: ProbeTarget
        var interrogation: Interrogation
        /// Types left to try, where no interrogation is wanted.
        var covers: ArraySlice<Coverage>
        var report: ProbeReport
        var readings: [ReplyReading] = []
        var initiator: Initiator?
        var syn: HandshakePacket?
        var sentAt: ContinuousClock.Instant?
        var hop: NextHop?
        var silences = 0
    }

    static let portCount = 32

    private let options: ProbeOptions
    private let ports: [HeldPort]
    private let socket: PacketSocket
    private var hops = NextHops()
    private var pending: ArraySlice<ProbeTarget>
    private var flows: [Int: Flow] = [:]
    private var nextFlow = 0
    private var ready: [Int] = []
    private var waiting: [Int] = []
    /// In order, as every SYN is waited for equally long.
    private var deadlines: [(at: ContinuousClock.Instant, flow: Int, sequence: UInt32)] = []
    private var deadlineHead = 0
    /// The acknowledgement that an answer must bear, with its port: finds the flow whoever answers.
    private var expected: [UInt64: Int] = [:]
    private var portTurn = 0
    private let clock = ContinuousClock()

    init(_ targets: [ProbeTarget], _ options: ProbeOptions) throws(ProbeError) {
        guard options.rate > 0, options.timeout > .zero, options.inFlightMax > 0 else {
            throw .badOption("rate, timeout and the number under way must be above 0")
        }
        var ports: [HeldPort] = []
        for _ in 0..<Self.portCount { ports.append(try HeldPort()) }
        self.ports = ports
        self.options = options
        socket = try PacketSocket(ports: ports.map(\.number))
        pending = targets[...]
    }

    mutating func run(_ stop: StopFlag, _ done: (ProbeReport) -> Void) throws(ProbeError) {
        var nextSend = clock.now
        let pace = Duration.seconds(1) / options.rate
        while !stop.isSet {
            var now = clock.now
            while flows.count < options.inFlightMax, let target = pending.popFirst() { begin(target) }
            if flows.isEmpty { return }
            for id in waiting { ready.append(id) }
            waiting.removeAll(keepingCapacity: true)
            var burst = 0
            while !ready.isEmpty, now >= nextSend, burst < 64 {
                if try send(ready.removeFirst(), now, done) {
                    // At most 50 ms of unused sending time are made good.
                    nextSend = max(nextSend, now - .milliseconds(50)) + pace
                    burst += 1
                }
                now = clock.now
            }
            var wait = StopFlag.lookEvery
            if !waiting.isEmpty { wait = min(wait, 10_000_000) }
            if !ready.isEmpty { wait = min(wait, Self.nanoseconds(nextSend - now)) }
            if deadlineHead < deadlines.count { wait = min(wait, Self.nanoseconds(deadlines[deadlineHead].at - now)) }
            PacketSocket.wait([socket], nanoseconds: wait)
            try receive(done)
            expire(done)
        }
    }

    private static func nanoseconds(_ span: Duration) -> Int64 {
        let parts = span.components
        return max(0, parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }

    private mutating func begin(_ target: ProbeTarget) {
        flows[nextFlow] = Flow(
            target: target, interrogation: Interrogation(options.strategy), covers: options.covers[...],
            report: ProbeReport(target: target, outcome: .silent))
        ready.append(nextFlow)
        nextFlow += 1
    }

    private mutating func end(_ id: Int, _ outcome: ProbeReport.Outcome, _ done: (ProbeReport) -> Void) {
        guard var flow = flows.removeValue(forKey: id) else { return }
        forget(flow)
        flow.report.outcome = outcome
        flow.report.exchanges = flow.readings.count
        flow.report.knowledge = PathKnowledge(flow.readings)
        done(flow.report)
    }

    private mutating func forget(_ flow: Flow) {
        if let syn = flow.syn { expected[Self.key(syn.tcp.sourcePort, syn.tcp.sequence &+ 1)] = nil }
    }

    private static func key(_ port: UInt16, _ acknowledgement: UInt32) -> UInt64 {
        UInt64(port) << 32 | UInt64(acknowledgement)
    }

    /// - Returns: whether a SYN left.
    private mutating func send(
        _ id: Int, _ now: ContinuousClock.Instant, _ done: (ProbeReport) -> Void
    ) throws(ProbeError) -> Bool {
        guard var flow = flows[id] else { return false }
        if flow.hop == nil {
            switch try hops.state(of: flow.target.address, now: now) {
            case .ready(let hop): flow.hop = hop
            case .waiting:
                waiting.append(id)
                return false
            case .unreachable(let why):
                end(id, .unreachable(why), done)
                return false
            }
        }
        guard let hop = flow.hop, var ip = IPHeader(from: hop.source, to: flow.target.address) else {
            end(id, .unreachable(.noRoute), done)
            return false
        }
        let coverage: PerCarrier<Coverage>
        if let cover = flow.covers.first {
            coverage = PerCarrier(all: cover)
        } else if options.covers.isEmpty, let next = flow.interrogation.next {
            coverage = next
        } else {
            end(id, conclusion(flow), done)
            return false
        }
        portTurn = (portTurn + 1) % ports.count
        var tcp = TCPHeader(sourcePort: ports[portTurn].number, destinationPort: flow.target.port)
        if options.usesECN {
            ip.ecn = .ect0
            tcp.flags.formUnion([.ece, .cwr])
        }
        let initiator: Initiator
        let bytes: [UInt8]
        let syn: HandshakePacket
        do throws(PacketError) {
            tcp.options = try OptionBlock(options.options)
            initiator = Initiator(template: HandshakePacket(ip: ip, tcp: tcp), functions: options.functions())
            syn = initiator.open(coverage, salt: .random(in: .min ... .max))
            bytes = try syn.wireBytes()
        } catch {
            throw .packet(error)
        }
        forget(flow)
        flow.initiator = initiator
        flow.syn = syn
        flow.sentAt = now
        flow.report.synsSent += 1
        expected[Self.key(syn.tcp.sourcePort, syn.tcp.sequence &+ 1)] = id
        deadlines.append((now + options.timeout, id, syn.tcp.sequence))
        flows[id] = flow
        // What the interface does not take is a lost packet: the timeout deals with it.
        socket.send(bytes, over: hop.link)
        return true
    }

    private mutating func receive(_ done: (ProbeReport) -> Void) throws(ProbeError) {
        for _ in 0..<512 {
            guard let received = try socket.receive() else { return }
            guard let packet = HandshakePacket(received) else { continue }
            take(packet, done)
        }
    }

    private mutating func take(_ packet: HandshakePacket, _ done: (ProbeReport) -> Void) {
        guard let id = expected[Self.key(packet.tcp.destinationPort, packet.tcp.acknowledgement)],
            var flow = flows[id], let syn = flow.syn, let initiator = flow.initiator, let hop = flow.hop,
            packet.ip.destination == hop.source
        else { return }
        let isFromTarget = packet.ip.source == flow.target.address
        if packet.tcp.flags.contains(.rst) {
            if isFromTarget, packet.tcp.sourcePort == flow.target.port { end(id, .refused, done) }
            return
        }
        guard initiator.accepts(packet, answering: syn) else { return }
        if !isFromTarget {
            // Not ours to judge: whoever it is, the path to the target is not what it shows.
            flow.report.answeredFrom = packet.ip.source
            flows[id] = flow
            return
        }
        reset(packet, syn, hop)
        if flow.report.roundTrip == nil, let sentAt = flow.sentAt { flow.report.roundTrip = clock.now - sentAt }
        let reading = initiator.read(packet, answering: syn)
        forget(flow)
        flow.syn = nil
        flow.silences = 0
        flow.readings.append(reading)
        if options.covers.isEmpty { flow.interrogation.record(reading) } else { flow.covers.removeFirst() }
        flows[id] = flow
        let isOver = options.covers.isEmpty ? flow.interrogation.next == nil : flow.covers.isEmpty
        if isOver { end(id, conclusion(flow), done) } else { ready.append(id) }
    }

    /// Frees the half-open connection at the far end.
    private func reset(_ synAck: HandshakePacket, _ syn: HandshakePacket, _ hop: NextHop) {
        guard let ip = IPHeader(from: hop.source, to: synAck.ip.source) else { return }
        var tcp = TCPHeader(
            sourcePort: syn.tcp.sourcePort, destinationPort: syn.tcp.destinationPort, flags: .rst)
        tcp.sequence = syn.tcp.sequence &+ 1
        guard let bytes = try? HandshakePacket(ip: ip, tcp: tcp).wireBytes() else { return }
        socket.send(bytes, over: hop.link)
    }

    private func conclusion(_ flow: Flow) -> ProbeReport.Outcome {
        PathKnowledge(flow.readings).isCapable ? .capable : .notCapable
    }

    private mutating func expire(_ done: (ProbeReport) -> Void) {
        let now = clock.now
        while deadlineHead < deadlines.count, deadlines[deadlineHead].at <= now {
            let late = deadlines[deadlineHead]
            deadlineHead += 1
            guard var flow = flows[late.flow], flow.syn?.tcp.sequence == late.sequence else { continue }
            forget(flow)
            flow.syn = nil
            flow.silences += 1
            flow.interrogation.recordSilence()
            flows[late.flow] = flow
            if flow.silences >= Interrogation.silencesMax {
                end(late.flow, .silent, done)
            } else {
                ready.append(late.flow)
            }
        }
        if deadlineHead > 8192 {
            deadlines.removeFirst(deadlineHead)
            deadlineHead = 0
        }
    }
}

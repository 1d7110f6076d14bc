/// Who is asked what, who has answered and who is late: packets and time in, SYNs, resets and reports out. No clock, no socket.
///
/// One exchange uses a source port that the one before did not, and ends with an RST, so that no half-open connection of the far
/// end answers for the next. A SYN is waited for equally long whoever it goes to, so the deadlines are a queue: the first is
/// always the next.
struct ProbeMachine {
    typealias Instant = ContinuousClock.Instant

    /// A SYN under way.
    private struct Asked {
        let initiator: Initiator
        let syn: HandshakePacket
        let at: Instant
        /// The sequence number behind all that was sent: what an answer must acknowledge.
        var end: UInt32
    }

    private struct Flow {
        var questions: Questions
        var report: ProbeReport
        var asked: Asked?
        var silences = 0
        /// The last exchange is under way: what is sent behind its handshake.
        var applicationData: [UInt8]?
    }

    /// What follows from a packet.
    struct Answer {
        /// The path that it belongs to.
        let slot: Int
        /// What to send the far end, an IP packet: an RST, which frees the half-open connection there, or application data.
        var reply: [UInt8]?
        /// The path's end. Its slot is then free.
        var report: ProbeReport?
    }

    /// Bytes that a path under way takes, beside what its options and readings add: some hundred.
    static let flowBytes = MemoryLayout<Flow?>.stride + 2 * MemoryLayout<(UInt64, Int)>.stride

    private let options: ProbeOptions
    private let blocks: [OptionBlock]
    private let trials: [ProbeTrial]
    private var flows: [Flow?] = []
    private var free: [Int] = []
    private var ready = Ring<Int>()
    private var deadlines = Ring<(at: Instant, slot: Int, sequence: UInt32)>()
    /// The acknowledgement that an answer must bear, with its port: finds the path whoever answers.
    private var expected: [UInt64: Int] = [:]
    private var slots: [ProbeTarget: Int] = [:]

    /// Paths under way.
    private(set) var count = 0

    /// - Throws: ``ProbeError/badOption(_:)``, ``ProbeError/packet(_:)``.
    init(_ options: ProbeOptions) throws(ProbeError) {
        guard options.rate > 0, options.timeout > .zero, options.inFlightMax > 0 else {
            throw .badOption("rate, timeout and the number under way must be above 0")
        }
        self.options = options
        trials = options.everyTrial
        var blocks: [OptionBlock] = []
        for trial in trials {
            do throws(PacketError) {
                blocks.append(try OptionBlock(trial.options))
            } catch {
                throw .packet(error)
            }
        }
        self.blocks = blocks
    }

    var isFull: Bool { count >= options.inFlightMax }
    var hasReady: Bool { !ready.isEmpty }
    /// When the next silence ends.
    var deadline: Instant? { deadlines.first?.at }

    mutating func begin(_ job: ProbeJob) {
        let slot: Int
        let flow = Flow(
            questions: Questions(options),
            report: ProbeReport(target: job.target, trial: job.trial, outcome: .silent))
        if let old = free.popLast() {
            slot = old
            flows[slot] = flow
        } else {
            slot = flows.count
            flows.append(flow)
        }
        count += 1
        slots[job.target] = slot
        ready.append(slot)
    }

    /// The next path to send a SYN over.
    mutating func nextReady() -> Int? { ready.popFirst() }

    /// Not now: at the end of the queue again.
    mutating func postpone(_ slot: Int) { ready.append(slot) }

    func target(_ slot: Int) -> ProbeTarget? { flows[slot]?.report.target }

    /// How many SYNs in a row went unanswered there.
    func silences(_ slot: Int) -> Int { flows[slot]?.silences ?? 0 }

    /// The next SYN over a path, which counts as sent from now on.
    ///
    /// - Parameters:
    ///   - source: of the target's family.
    ///   - salt: 16 random bits.
    /// - Returns: the SYN and its bytes; nil where the families differ.
    mutating func open(
        _ slot: Int, from source: HostAddress, port: UInt16, salt: UInt16, by functions: FragmentFunctions, now: Instant
    ) throws(PacketError) -> (syn: HandshakePacket, bytes: [UInt8])? {
        guard let flow = flows[slot], var ip = IPHeader(from: source, to: flow.report.target.address),
            let coverage = flow.applicationData == nil ? flow.questions.next : PerCarrier(all: .noNAT)
        else { return nil }
        let report = flow.report
        let functions = flow.applicationData.map { .appSalted(AppSalt($0)) } ?? functions
        var tcp = TCPHeader(sourcePort: port, destinationPort: report.target.port)
        tcp.options = blocks[report.trial]
        if trials[report.trial].usesECN {
            ip.ecn = options.codepoint
            tcp.flags.formUnion([.ece, .cwr])
        }
        // The last try without the mark: a firewall may drop what bears it.
        let initiator = Initiator(
            template: HandshakePacket(ip: ip, tcp: tcp), functions: functions,
            isMarked: silences(slot) + 1 < Interrogation.silencesMax)
        let syn = initiator.open(coverage, salt: salt)
        let bytes = try syn.wireBytes()
        forget(slot)
        flows[slot]?.asked = Asked(initiator: initiator, syn: syn, at: now, end: syn.tcp.sequence &+ 1)
        flows[slot]?.report.synsSent += 1
        expected[Self.key(port, syn.tcp.sequence &+ 1)] = slot
        deadlines.append((now + options.timeout, slot, syn.tcp.sequence))
        return (syn, bytes)
    }

    /// A packet that arrived, from its IP header on.
    /// - Returns: nil where it changes nothing.
    mutating func take(_ bytes: Span<UInt8>, checksums: HandshakePacket.Checksums, now: Instant) -> Answer? {
        guard let glance = PacketGlance(bytes) else { return nil }
        guard let slot = expected[Self.key(glance.destinationPort, glance.acknowledgement)],
            let asked = flows[slot]?.asked
        else {
            // Not what was asked for; but whoever is asked and answers so must not be called silent without a word.
            let sender = ProbeTarget(address: glance.source, port: glance.sourcePort)
            if let slot = slots[sender], flows[slot]?.asked?.syn.tcp.sourcePort == glance.destinationPort {
                flows[slot]?.report.unasked += 1
            }
            return nil
        }
        guard let packet = try? HandshakePacket(parsing: bytes, checksums: checksums) else {
            flows[slot]?.report.unreadable += 1
            return nil
        }
        guard packet.ip.destination == asked.syn.ip.source else { return nil }
        let isFromTarget = packet.ip.source == asked.syn.ip.destination
        if packet.tcp.flags.contains(.rst), isFromTarget, packet.tcp.sourcePort == asked.syn.tcp.destinationPort {
            return Answer(slot: slot, report: end(slot, .refused))
        }
        if asked.end != asked.syn.tcp.sequence &+ 1 { return isFromTarget ? hear(packet, slot, asked) : nil }
        guard asked.initiator.accepts(packet, answering: asked.syn) else {
            flows[slot]?.report.unasked += 1
            return nil
        }
        guard isFromTarget else {
            // Not ours to judge: whoever it is, the path to the target is not what it shows.
            flows[slot]?.report.answeredFrom = packet.ip.source
            return nil
        }
        return flows[slot]?.applicationData == nil ? read(packet, slot, asked, now) : deliver(packet, slot, asked)
    }

    private mutating func read(
        _ synAck: HandshakePacket, _ slot: Int, _ asked: Asked, _ now: Instant
    ) -> Answer {
        let reading = asked.initiator.read(synAck, answering: asked.syn)
        forget(slot)
        flows[slot]?.asked = nil
        flows[slot]?.silences = 0
        if flows[slot]?.report.roundTrip == nil { flows[slot]?.report.roundTrip = now - asked.at }
        flows[slot]?.questions.record(reading)
        if synAck.ip.ecn == .ce, asked.syn.ip.ecn != .ce { flows[slot]?.report.sawMark = true }
        options.answered?(asked.syn, reading)
        var answer = Answer(slot: slot, reply: Self.reset(asked))
        if flows[slot]?.questions.next != nil {
            ready.append(slot)
        } else if flows[slot]?.questions.knowledge.isCapable != true {
            answer.report = end(slot, .notCapable)
        } else if options.usesAppSalt {
            flows[slot]?.applicationData = (0..<AppSalt.bytesMax).map { _ in .random(in: .min ... .max) }
            ready.append(slot)
        } else {
            answer.report = end(slot, .capable)
        }
        return answer
    }

    /// The handshake under AppSalt stands: the data that its SYN was sealed by.
    private mutating func deliver(_ synAck: HandshakePacket, _ slot: Int, _ asked: Asked) -> Answer? {
        guard let data = flows[slot]?.applicationData,
            let ip = IPHeader(from: asked.syn.ip.source, to: asked.syn.ip.destination)
        else { return nil }
        var tcp = TCPHeader(
            sourcePort: asked.syn.tcp.sourcePort, destinationPort: asked.syn.tcp.destinationPort, flags: [.ack, .psh])
        tcp.sequence = asked.end
        tcp.acknowledgement = synAck.tcp.sequence &+ 1
        tcp.window = 0xffff
        forget(slot)
        flows[slot]?.asked?.end = asked.end &+ UInt32(data.count)
        expected[Self.key(asked.syn.tcp.sourcePort, asked.end &+ UInt32(data.count))] = slot
        return Answer(slot: slot, reply: try? HandshakePacket(ip: ip, tcp: tcp, payload: data).wireBytes())
    }

    /// What the far end says of the data. A bare acknowledgement says nothing yet.
    private mutating func hear(_ segment: HandshakePacket, _ slot: Int, _ asked: Asked) -> Answer? {
        guard segment.tcp.sourcePort == asked.syn.tcp.destinationPort, !segment.payload.isEmpty else { return nil }
        flows[slot]?.report.appSalt = AppSaltVerdict(line: segment.payload)
        return Answer(slot: slot, reply: Self.reset(asked), report: end(slot, .capable))
    }

    private static func reset(_ asked: Asked) -> [UInt8]? {
        let syn = asked.syn
        guard let ip = IPHeader(from: syn.ip.source, to: syn.ip.destination) else { return nil }
        var tcp = TCPHeader(sourcePort: syn.tcp.sourcePort, destinationPort: syn.tcp.destinationPort, flags: .rst)
        tcp.sequence = asked.end
        return try? HandshakePacket(ip: ip, tcp: tcp).wireBytes()
    }

    /// A path that has waited too long by `now`, where that ends it; call until nil.
    mutating func expire(now: Instant) -> Answer? {
        while let late = deadlines.first, late.at <= now {
            _ = deadlines.popFirst()
            guard flows[late.slot]?.asked?.syn.tcp.sequence == late.sequence else { continue }
            forget(late.slot)
            flows[late.slot]?.asked = nil
            flows[late.slot]?.silences += 1
            if silences(late.slot) >= Interrogation.silencesMax {
                // Under AppSalt, all else is known by now.
                let isSalted = flows[late.slot]?.applicationData != nil
                if isSalted { flows[late.slot]?.report.appSalt = .untold }
                return Answer(slot: late.slot, report: end(late.slot, isSalted ? .capable : .silent))
            }
            ready.append(late.slot)
        }
        return nil
    }

    /// Ends a path and frees its slot.
    mutating func end(_ slot: Int, _ outcome: ProbeReport.Outcome) -> ProbeReport? {
        guard let flow = flows[slot] else { return nil }
        forget(slot)
        flows[slot] = nil
        if slots[flow.report.target] == slot { slots[flow.report.target] = nil }
        free.append(slot)
        count -= 1
        var report = flow.report
        report.outcome = outcome
        report.exchanges = flow.questions.exchanges
        report.knowledge = flow.questions.knowledge
        return report
    }

    private mutating func forget(_ slot: Int) {
        guard let asked = flows[slot]?.asked else { return }
        expected[Self.key(asked.syn.tcp.sourcePort, asked.end)] = nil
    }

    private static func key(_ port: UInt16, _ acknowledgement: UInt32) -> UInt64 {
        UInt64(port) << 32 | UInt64(acknowledgement)
    }
}

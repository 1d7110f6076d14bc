/// The loop that probes, in one thread: SYNs out at a rate, answers in over one packet socket. Decides nothing, see ``ProbeMachine``.
struct ProbeEngine {
    static let portCount = 32

    private let options: ProbeOptions
    private let ports: [HeldPort]
    private let socket: PacketSocket
    private let local = LocalSocket()
    private var machine: ProbeMachine
    private var hops = NextHops()
    /// By the machine's slots.
    private var ways: [NextHop?] = []
    private var portTurn = 0
    private let clock = ContinuousClock()

    init(_ options: ProbeOptions) throws(ProbeError) {
        machine = try ProbeMachine(options)
        var ports: [HeldPort] = []
        for _ in 0..<Self.portCount { ports.append(try HeldPort()) }
        self.ports = ports
        self.options = options
        socket = try PacketSocket(ports: ports.map(\.number))
    }

    /// Probes until there are no more jobs, or it is told to stop.
    ///
    /// - Parameters:
    ///   - next: the next job, nil at the end; asked for only when there is room for it.
    ///   - done: a path has ended.
    mutating func run(
        _ stop: StopFlag, next: () -> ProbeJob?, done: (ProbeReport) -> Void
    ) throws(ProbeError) {
        var nextSend = clock.now
        let pace = Duration.seconds(1) / options.rate
        var isMore = true
        var waiting: [Int] = []
        while !stop.isSet {
            while isMore, !machine.isFull {
                if let job = next() { machine.begin(job) } else { isMore = false }
            }
            if machine.count == 0, !isMore { return }
            for slot in waiting { machine.postpone(slot) }
            waiting.removeAll(keepingCapacity: true)
            var now = clock.now
            var burst = 0
            while now >= nextSend, burst < 64, let slot = machine.nextReady() {
                switch try send(slot, now) {
                case .sent:
                    // At most 50 ms of unused sending time are made good.
                    nextSend = max(nextSend, now - .milliseconds(50)) + pace
                    burst += 1
                case .waiting: waiting.append(slot)
                case .ended(let report): done(report)
                }
                now = clock.now
            }
            var wait = StopFlag.lookEvery
            if !waiting.isEmpty { wait = min(wait, 10_000_000) }
            if machine.hasReady { wait = min(wait, Self.nanoseconds(nextSend - now)) }
            if let deadline = machine.deadline { wait = min(wait, Self.nanoseconds(deadline - now)) }
            PacketSocket.wait([socket], nanoseconds: wait)
            try receive(done)
            now = clock.now
            while let late = machine.expire(now: now) { finish(late, done) }
        }
    }

    private static func nanoseconds(_ span: Duration) -> Int64 {
        let parts = span.components
        return max(0, parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }

    private enum Sent {
        case sent
        /// The next hop is not known yet.
        case waiting
        case ended(ProbeReport)
    }

    private mutating func send(_ slot: Int, _ now: ContinuousClock.Instant) throws(ProbeError) -> Sent {
        guard let target = machine.target(slot) else { return .waiting }
        while ways.count <= slot { ways.append(nil) }
        var failure = Unreachable.noRoute
        if ways[slot] == nil {
            switch try hops.state(of: target.address, now: now) {
            case .ready(let hop): ways[slot] = hop
            case .waiting: return .waiting
            case .unreachable(let why): failure = why
            }
        }
        portTurn = (portTurn + 1) % ports.count
        let silences = machine.silences(slot)
        let opened: (syn: HandshakePacket, bytes: [UInt8])?
        do throws(PacketError) {
            opened = try ways[slot].flatMap { hop throws(PacketError) in
                try machine.open(
                    slot, from: hop.source, port: ports[portTurn].number, salt: .random(in: .min ... .max),
                    by: options.functions(), now: now)
            }
        } catch {
            throw .packet(error)
        }
        guard let hop = ways[slot], let opened else {
            guard let report = machine.end(slot, .unreachable(failure)) else { return .waiting }
            ways[slot] = nil
            return .ended(report)
        }
        // The kernel writes an IPID of its own over 0, so such a SYN goes past it, and past its services, every second time.
        let isZero = opened.syn.ip.identification == 0 && silences.isMultiple(of: 2)
        transmit(opened.bytes, hop, target.address, pastKernel: isZero)
        return .sent
    }

    /// What the interface does not take is a lost packet: the timeout deals with it.
    private func transmit(_ bytes: [UInt8], _ hop: NextHop, _ address: HostAddress, pastKernel: Bool = false) {
        if hop.isLocal, !pastKernel, local.send(bytes, to: address) { return }
        socket.send(bytes, over: hop.link)
    }

    private mutating func finish(_ answer: ProbeMachine.Answer, _ done: (ProbeReport) -> Void) {
        guard let report = answer.report else { return }
        ways[answer.slot] = nil
        done(report)
    }

    private mutating func receive(_ done: (ProbeReport) -> Void) throws(ProbeError) {
        for _ in 0..<512 {
            guard let received = try socket.receive() else { return }
            guard let answer = machine.take(received.bytes.span, checksums: received.checksums, now: clock.now) else {
                continue
            }
            if let reply = answer.reply, let hop = ways[answer.slot] {
                let target = answer.report?.target ?? machine.target(answer.slot)
                if let target { transmit(reply, hop, target.address) }
            }
            finish(answer, done)
        }
    }
}

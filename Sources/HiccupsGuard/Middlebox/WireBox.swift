internal import CPacketSocket
private import Glibc
internal import L45Model
internal import Synchronization

/// A box between two interfaces: whatever comes in at one goes out at the other, changed as its rules say, and late, twice
/// or not at all as the line's impairment says.
///
/// The ends see one link: frames keep their link addresses, and ARP and neighbour discovery pass. Both interfaces should
/// have their segmentation and receive offloads off, and so should the peers of a veth: what is longer than the link
/// carries can not be sent on, and is counted in ``Counts/tooLong``.
package final class WireBox: Sendable {
    package struct Counts: Hashable, Sendable {
        package var frames = 0
        package var bytes = 0
        package var handshakes = 0
        /// Handshake packets that left otherwise than they came.
        package var changed = 0
        package var lost = 0
        package var duplicated = 0
        /// By a rule.
        package var dropped = 0
        package var tooLong = 0
        /// The interface was full.
        package var refused = 0
    }

    private struct State {
        var rules: [BoxRule]
        var isNew = false
        var counts = Counts()
    }

    /// Frames of one interface in a row before the other's turn.
    private static let batch = 256

    private let interfaces: [Int32]
    private let impairment: Impairment
    private let seed: UInt64
    private let state: Mutex<State>

    /// - Parameters:
    ///   - first: an interface of this thread's network namespace; forward is from it to `second`.
    ///   - seed: what is lost, late, or drawn follows from it and from the packets' order.
    /// - Throws: ``ProbeError/noInterface(_:)``.
    package init(
        between first: String, and second: String, rules: [BoxRule] = [], impairment: Impairment = .none,
        seed: UInt64 = 1
    ) throws(ProbeError) {
        var found: [Int32] = []
        for name in [first, second] {
            let index = if_nametoindex(name)
            guard index > 0 else { throw .noInterface(name) }
            found.append(Int32(clamping: index))
            try ProbeError.check(l45_offloads_off(name), "switch the offloads of '\(name)' off")
        }
        guard first != second else { throw .badOption("a box stands between two interfaces, '\(first)' is one") }
        interfaces = found
        self.impairment = impairment
        self.seed = seed
        state = Mutex(State(rules: rules))
    }

    /// For connections that open from now on.
    package func setRules(_ rules: [BoxRule]) {
        state.withLock {
            $0.rules = rules
            $0.isNew = true
        }
    }

    package var counts: Counts { state.withLock { $0.counts } }

    /// Forwards until told to stop; blocks. Runs in the network namespace in which the box was made.
    ///
    /// - Parameters:
    ///   - ready: called once it forwards.
    ///   - saw: told of each handshake packet that passed.
    package func run(
        _ stop: StopFlag, ready: () -> Void = {}, saw: (BoxConnections.Passage) -> Void = { _ in }
    ) throws(ProbeError) {
        let sockets = [
            try PacketSocket(framesOf: interfaces[0]), try PacketSocket(framesOf: interfaces[1]),
        ]
        var connections = BoxConnections(state.withLock { $0.rules }, seed: seed)
        var randoms = [SeededRandom(seed: seed ^ 0x66_6f72), SeededRandom(seed: seed ^ 0x72_6576)]
        var late = LateFrames()
        let clock = ContinuousClock()
        ready()
        while !stop.isSet {
            var wait = StopFlag.lookEvery
            if let due = late.nextDue { wait = min(wait, Self.nanoseconds(due - clock.now)) }
            PacketSocket.wait(sockets, nanoseconds: wait)
            var counts = Counts()
            for side in 0..<2 {
                for _ in 0..<Self.batch {
                    guard let received = try sockets[side].receive() else { break }
                    // Behind the receiving: what was sent after the rules changed meets the new ones.
                    if let rules = takeNewRules() { connections.rules = rules }
                    let frame = Array(received.bytes)
                    counts.frames += 1
                    counts.bytes += frame.count
                    let verdict = connections.take(
                        frame, side == 0 ? .forward : .reverse, checksumMissing: received.link.checksum_missing != 0
                    ) { passage in
                        counts.handshakes += 1
                        if passage.before != passage.after { counts.changed += 1 }
                        saw(passage)
                    }
                    switch verdict {
                    case .drop: counts.dropped += 1
                    case .answer(let answer): Self.send(answer, sockets[side], &counts)
                    case .pass(let out):
                        // A line that loses a question for a link address stands still for a second, and hosts send to
                        // groups when they like, which would make runs differ: not these.
                        let isTraffic = frame.count > 13 && frame[0] & 1 == 0 && (frame[12], frame[13]) != (0x08, 0x06)
                        let copies = isTraffic ? impairment.draw(using: &randoms[side]) : [.zero]
                        if copies.isEmpty { counts.lost += 1 }
                        if copies.count > 1 { counts.duplicated += 1 }
                        for copy in copies {
                            if copy == .zero {
                                Self.send(out, sockets[1 - side], &counts)
                            } else {
                                late.add(out, to: 1 - side, due: clock.now + copy)
                            }
                        }
                    }
                }
            }
            while let frame = late.take(by: clock.now) { Self.send(frame.bytes, sockets[frame.side], &counts) }
            add(counts)
        }
    }

    private func takeNewRules() -> [BoxRule]? {
        state.withLock { state in
            guard state.isNew else { return nil }
            state.isNew = false
            return state.rules
        }
    }

    private func add(_ more: Counts) {
        guard more != Counts() else { return }
        state.withLock { state in
            state.counts.frames += more.frames
            state.counts.bytes += more.bytes
            state.counts.handshakes += more.handshakes
            state.counts.changed += more.changed
            state.counts.lost += more.lost
            state.counts.duplicated += more.duplicated
            state.counts.dropped += more.dropped
            state.counts.tooLong += more.tooLong
            state.counts.refused += more.refused
        }
    }

    private static func send(_ bytes: [UInt8], _ socket: PacketSocket, _ counts: inout Counts) {
        switch socket.sendFrame(bytes) {
        case 0: break
        case EMSGSIZE: counts.tooLong += 1
        default: counts.refused += 1
        }
    }

    private static func nanoseconds(_ span: Duration) -> Int64 {
        let parts = span.components
        return max(0, parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }
}

/// Frames that are not due yet, in the order in which they will be; those due at once in the order in which they came.
struct LateFrames {
    struct Frame {
        let bytes: [UInt8]
        let side: Int
        let due: ContinuousClock.Instant
    }

    /// More are not kept, as in a queue of a real line.
    static let framesMax = 65_536

    private var frames: [Frame] = []
    private var head = 0

    var nextDue: ContinuousClock.Instant? { head < frames.count ? frames[head].due : nil }

    mutating func add(_ bytes: [UInt8], to side: Int, due: ContinuousClock.Instant) {
        guard frames.count - head < Self.framesMax else { return }
        var at = frames.count
        while at > head, frames[at - 1].due > due { at -= 1 }
        frames.insert(Frame(bytes: bytes, side: side, due: due), at: at)
    }

    mutating func take(by now: ContinuousClock.Instant) -> Frame? {
        guard head < frames.count, frames[head].due <= now else { return nil }
        let frame = frames[head]
        head += 1
        if head > 4096 {
            frames.removeFirst(head)
            head = 0
        }
        return frame
    }
}

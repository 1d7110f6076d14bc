package import L45Model
internal import Synchronization

/// Answers the devices that look at their paths to this one: probes on a port of their own, test transfers on another.
package final class PathAnswers: Sendable {
    fileprivate struct Serving {
        let responder: Server
        let sink: RateSink
        let sinkServer: Server
    }

    /// A loop on a thread of its own, and what it ended with.
    fileprivate final class Server: Sendable {
        let stop = StopFlag()
        private let failure = Mutex<ProbeError?>(nil)
        private let hasEnded = Atomic(false)

        /// - Parameter body: calls its second argument once it serves.
        init(_ body: @escaping @Sendable (StopFlag, @escaping @Sendable () -> Void) throws(ProbeError) -> Void) {
            let ready = BlockingFlag()
            BlockingThread.start {
                do throws(ProbeError) {
                    try body(self.stop) { ready.raise() }
                } catch {
                    self.failure.withLock { $0 = error }
                }
                self.hasEnded.store(true, ordering: .releasing)
                ready.raise()
            }
            ready.wait()
        }

        var problem: ProbeError? { failure.withLock { $0 } }
        var isRunning: Bool { !hasEnded.load(ordering: .acquiring) }
        /// Its port is free again when this returns.
        func end() {
            stop.set()
            let last = ContinuousClock.now + .seconds(2)
            while isRunning, ContinuousClock.now < last { BlockingFlag.rest() }
        }
    }

    private let serving = Mutex<[PortPair: Serving]>([:])

    private struct PortPair: Hashable {
        let port: UInt16
        let ratePort: UInt16
    }

    private let slot: @Sendable () -> UInt64
    private let keys: @Sendable () -> PathKeyring
    private let seen: @Sendable (HiccupsResponder.Seen) -> Void

    /// - Parameters:
    ///   - slot: the exchange number of keyed integrity.
    ///   - keys: asked for with each burst of probes.
    ///   - seen: told of each probe, on the thread that answers it.
    package init(
        slot: @escaping @Sendable () -> UInt64 = { TimeSlot.current() },
        keys: @escaping @Sendable () -> PathKeyring = { PathKeyring() },
        seen: @escaping @Sendable (HiccupsResponder.Seen) -> Void = { _ in }
    ) {
        self.slot = slot
        self.keys = keys
        self.seen = seen
    }

    deinit { serve([]) }

    /// These and no others from now on; blocks for the start of each new one.
    /// - Returns: what could not be had, in words.
    @discardableResult
    package func serve(_ answers: [PathAnswer]) -> [String] {
        serving.withLock { serving in
            let wanted = Dictionary(
                answers.map { (PortPair(port: $0.port, ratePort: $0.ratePort), $0) },
                uniquingKeysWith: { first, _ in first })
            for (pair, each) in serving where wanted[pair] == nil || !each.isRunning {
                each.end()
                serving[pair] = nil
            }
            var problems: [String] = []
            for (pair, answer) in wanted.sorted(by: { $0.key.port < $1.key.port }) {
                if let running = serving[pair] {
                    running.sink.allow(answer.openers)
                    continue
                }
                let sink = RateSink(port: pair.ratePort, openers: answer.openers)
                let started = Serving(
                    responder: Server { [slot, keys, seen] stop, ready throws(ProbeError) in
                        let responder = try HiccupsResponder(ports: [pair.port], slot: slot, keys: keys)
                        ready()
                        try responder.run(stop, seen: seen)
                    }, sink: sink,
                    sinkServer: Server { stop, ready throws(ProbeError) in try sink.run(stop, ready: ready) })
                serving[pair] = started
                for problem in [started.responder.problem, started.sinkServer.problem].compactMap({ $0 }) {
                    problems.append("paths to this device can not be looked at on port \(pair.port): \(problem)")
                }
            }
            return problems
        }
    }
}

extension PathAnswers {
    /// Raised once, by another thread.
    private final class BlockingFlag: Sendable {
        private let isRaised = Atomic(false)
        func raise() { isRaised.store(true, ordering: .releasing) }
        /// At most 5 s: opening a socket does not take as long.
        func wait() {
            let last = ContinuousClock.now + .seconds(5)
            while !isRaised.load(ordering: .acquiring), ContinuousClock.now < last { Self.rest() }
        }
        static func rest() { PacketSocket.wait([], nanoseconds: 1_000_000) }
    }
}

extension PathAnswers.Serving {
    fileprivate var isRunning: Bool { responder.isRunning && sinkServer.isRunning }
    fileprivate func end() {
        responder.end()
        sinkServer.end()
    }
}

/// How fast a new edition goes round a flow's devices, and what stops it. Absent: to all of them at once.
///
/// Every device understands an edition before any device sends it; a wave says who sends it. So both ends of a flow can
/// decode all that any wave emits.
package struct RolloutStrategy: Hashable, Codable, Sendable {
    /// How far the rollout has come when the wave is done. Counted for each end of the flow by itself, clients first, in the
    /// order of device ids, so that the canary is the same device each time.
    package enum Wave: Hashable, Codable, Sendable, CustomStringConvertible {
        /// So many devices, 1 or more.
        case count(Int)
        /// So many hundredths of them, 1 to 100, rounded up.
        case percent(Int)
        /// Besides those before, all with this label.
        case label(String, String)
        /// All of them.
        case rest

        package var description: String {
            switch self {
            case .count(let count): "\(count)"
            case .percent(let percent): "\(percent)%"
            case .label(let key, let value): "\(key)=\(value)"
            case .rest: "rest"
            }
        }
    }

    /// A part of a flow's devices.
    package enum Share: Hashable, Codable, Sendable, CustomStringConvertible {
        /// 1 or more.
        case count(Int)
        /// 1 to 100, rounded down, at least one device.
        case percent(Int)

        package func devices(of total: Int) -> Int {
            switch self {
            case .count(let count): max(1, count)
            case .percent(let percent): max(1, total * percent / 100)
            }
        }

        package var description: String {
            switch self {
            case .count(let count): "\(count)"
            case .percent(let percent): "\(percent)%"
            }
        }
    }

    /// How much the taps may count against the new edition before it is halted. nil: any number.
    package struct Budget: Hashable, Codable, Sendable {
        /// Messages that bore the edition's mark and did not verify.
        package var undecoded: UInt64?
        /// Messages that came plain and were dropped.
        package var dropped: UInt64?
        /// Messages that came plain and were handed over. Counted only where an edition was in force before: at a first
        /// install, plain is what everybody sends.
        package var plain: UInt64?

        package init(undecoded: UInt64? = nil, dropped: UInt64? = nil, plain: UInt64? = nil) {
            self.undecoded = undecoded
            self.dropped = dropped
            self.plain = plain
        }

        package static let unlimited = Budget()

        /// What is counted, by the word for it.
        package enum Kind: String, Hashable, Sendable, CaseIterable { case undecoded, dropped, plain }

        package subscript(kind: Kind) -> UInt64? {
            get {
                switch kind {
                case .undecoded: undecoded
                case .dropped: dropped
                case .plain: plain
                }
            }
            set {
                switch kind {
                case .undecoded: undecoded = newValue
                case .dropped: dropped = newValue
                case .plain: plain = newValue
                }
            }
        }
    }

    /// In order. What the last one leaves is one wave more. Empty: one wave of all.
    package var waves: [Wave]
    /// From the confirmation of a wave to the beginning of the next.
    package var soak: Span
    package var budget: Budget
    /// From the beginning to the end of the rollout, time under pause or brake not counted; then it is halted. nil: none.
    package var deadline: Span?
    /// The most devices of a flow that may be without a confirmed table at a time for the rollout's sake. nil: all.
    package var maxUnavailable: Share?

    package init(
        waves: [Wave] = [], soak: Span = .zero, budget: Budget = .unlimited, deadline: Span? = nil,
        maxUnavailable: Share? = nil
    ) {
        self.waves = waves
        self.soak = soak
        self.budget = budget
        self.deadline = deadline
        self.maxUnavailable = maxUnavailable
    }

    /// The waves that are walked: those given, and one of what they leave.
    package var steps: [Wave] { waves.last == .rest ? waves : waves + [.rest] }

    /// The least time from beginning to end on a fleet that answers at once: a soak after each wave but the last one, at
    /// clients and at servers, and the drain.
    package func leastSpan(drainBound: Span) -> Span {
        .milliseconds(drainBound.milliseconds + soak.milliseconds * Int64(2 * steps.count - 1))
    }
}

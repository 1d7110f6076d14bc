/// All that a number of exchanges over one path have shown: per direction, what became of the fields of each type and
/// of each carrier.
///
/// Derived from the readings anew each time, so that an early reading which nothing could be made of counts as soon as
/// a later one
/// gives it a meaning.
package struct PathKnowledge: Hashable, Sendable {
    /// The far end has proven that it takes part.
    package private(set) var isCapable = false
    private var fields = [PathVerdict](repeating: .unknown, count: 32)
    private var carriers = [PathVerdict](repeating: .unknown, count: 6)
    private var suspected: [Set<Coverage>] = [[], []]
    private var trust = [Int](repeating: 0, count: 6)

    package init() {}

    package init(_ readings: [ReplyReading]) {
        isCapable = readings.contains { $0.evidence >= 2 }
        let observations = readings.flatMap { $0.observations(capable: isCapable) }
        for direction in Direction.allCases {
            conclude(observations, direction)
            // One carrier cannot vouch for itself: where the others are lost, what fails in it may be its own fault.
            if Carrier.allCases.count(where: { self[direction, $0].isChanged }) >= 2 { forgetChanges(direction) }
        }
        // Who rewrites the source of a SYN must rewrite the destination of the answer, or it had not come back to us.
        if self[.forward, .nat].isChanged { change(.reverse, .nat) }
    }

    package subscript(direction: Direction, coverage: Coverage) -> PathVerdict {
        fields[Int(direction.rawValue) * 16 + Int(coverage.rawValue)]
    }

    package subscript(direction: Direction, carrier: Carrier) -> PathVerdict {
        carriers[Int(direction.rawValue) * 3 + carrier.rawValue]
    }

    /// How many carriers are known to arrive as they were sent; below two, nothing can be told in that direction.
    package func carriersIntact(_ direction: Direction) -> Int {
        Carrier.allCases.count { self[direction, $0].isIntact }
    }

    /// The forward direction must be concluded before the reverse one.
    private mutating func conclude(_ all: [Observation], _ direction: Direction) {
        let observations = all.filter { $0.direction == direction && ($0.matched || counts($0)) }
        let named = Set(observations.map(\.coverage))
        // Two fragments of one type in two carriers: intact, and so is all that the type contains.
        for coverage in named where Self.carriersMatching(coverage, observations) >= 2 {
            keep(direction, coverage, .twoFragments)
        }
        // A fragment that fails over fields that are intact speaks of its carrier. That outweighs one that matched, as
        // an overwritten
        // carrier does once in 4096 times.
        for observation in observations where !observation.matched {
            // Not where the responder may have found another type in that carrier, by chance, and the fragment that
            // came back in it
            // has matched as often as not.
            let same = observations.filter { $0.carrier == observation.carrier && $0.condition == .sameCarrier }
            let matched = observations.count(where: { $0.carrier == observation.carrier && $0.matched })
            if observation.condition == .sameCarrier, matched >= same.count(where: { !$0.matched }) { continue }
            if observation.coverage == .null || self[direction, observation.coverage] == .intact(.twoFragments) {
                set(direction, observation.carrier, .changed)
            }
        }
        for observation in observations where observation.matched && !self[direction, observation.carrier].isChanged {
            set(direction, observation.carrier, .intact(.oneFragment))
        }
        for coverage in named {
            let failed = observations.filter { $0.coverage == coverage && !$0.matched }
            let matching = Self.carriersMatching(coverage, observations)
            let blaming = Set(failed.map(\.carrier)).filter { self[direction, $0].isIntact }
            // An overwritten carrier passes for intact once in 4096 times: one that has matched twice may be believed, or
            // two that agree. Where the same type matched elsewhere, the carrier may be the one to blame. Addresses are
            // translated on three paths of four (seed table 8.5): the echo alone must do.
            let isSure =
                blaming.contains { Self.coveragesMatching($0, observations) >= 2 }
                || (matching == 0 && blaming.count >= (coverage == .nat ? 1 : 2))
            if coverage != .null, isSure {
                change(direction, coverage)
            } else if matching == 1, blaming.isEmpty,
                failed.count(where: { self[direction, $0.carrier].isUnknown }) < 2
            {
                keep(direction, coverage, .oneFragment)
            } else if coverage != .null, !blaming.isEmpty {
                suspected[Int(direction.rawValue)].insert(coverage)
            }
        }
        for carrier in Carrier.allCases {
            trust[Int(direction.rawValue) * 3 + carrier.rawValue] = Self.coveragesMatching(carrier, observations)
        }
        // All but the addresses is intact and all is not.
        if self[direction, .full].isChanged, self[direction, .noNAT].isIntact { change(direction, .nat) }
        // HNONAT covers what its two groups cover and nothing else: where it fails and one of them does not, the other
        // must.
        guard self[direction, .noNAT].isChanged else { return }
        for (group, other) in [(Coverage.noOptions, Coverage.onlyOptions), (.onlyOptions, .noOptions)]
        where self[direction, group].isIntact && self[direction, other].isUnknown { change(direction, other) }
    }

    /// Whether a fragment of `coverage` failed on a carrier that is known by one fragment alone: a change, most likely,
    /// which one more exchange has to bear out.
    func isSuspected(_ direction: Direction, _ coverage: Coverage) -> Bool {
        self[direction, coverage].isUnknown && suspected[Int(direction.rawValue)].contains(coverage)
    }

    /// Whether more than one fragment speaks for it, or it is known to be lost.
    func isSure(_ direction: Direction, _ carrier: Carrier) -> Bool {
        self[direction, carrier].isChanged || trust[Int(direction.rawValue) * 3 + carrier.rawValue] >= 2
    }

    /// How many types have matched in this carrier, in the direction that knows it less.
    func trust(_ carrier: Carrier) -> Int { min(trust[carrier.rawValue], trust[3 + carrier.rawValue]) }

    /// Whether what a mismatch depends on is known.
    private func counts(_ observation: Observation) -> Bool {
        switch observation.condition {
        case .none: true
        case .sameCarrier: self[.forward, observation.carrier].isIntact
        case .twoCarriers: carriersIntact(.forward) >= 2
        }
    }

    private static func carriersMatching(_ coverage: Coverage, _ observations: [Observation]) -> Int {
        Set(observations.filter { $0.coverage == coverage && $0.matched }.map(\.carrier)).count
    }

    private static func coveragesMatching(_ carrier: Carrier, _ observations: [Observation]) -> Int {
        Set(observations.filter { $0.carrier == carrier && $0.matched }.map(\.coverage)).count
    }

    private mutating func set(_ direction: Direction, _ carrier: Carrier, _ verdict: PathVerdict) {
        carriers[Int(direction.rawValue) * 3 + carrier.rawValue] = verdict
    }

    /// Intact, and with it all that it contains, unless a change is known.
    private mutating func keep(_ direction: Direction, _ coverage: Coverage, _ certainty: PathVerdict.Certainty) {
        for each in [coverage] + coverage.subsets {
            switch self[direction, each] {
            case .changed: continue
            case .intact(let known) where known >= certainty: continue
            default: fields[Int(direction.rawValue) * 16 + Int(each.rawValue)] = .intact(certainty)
            }
        }
    }

    private mutating func forgetChanges(_ direction: Direction) {
        for coverage in Coverage.allCases where self[direction, coverage].isChanged {
            fields[Int(direction.rawValue) * 16 + Int(coverage.rawValue)] = .unknown
        }
    }

    /// Changed, and with it all that it is part of.
    private mutating func change(_ direction: Direction, _ coverage: Coverage) {
        fields[Int(direction.rawValue) * 16 + Int(coverage.rawValue)] = .changed
        for other in Coverage.allCases where other.subsets.contains(coverage) {
            fields[Int(direction.rawValue) * 16 + Int(other.rawValue)] = .changed
        }
    }
}

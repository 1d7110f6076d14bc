/// All that a number of exchanges over one path have shown: per direction, what became of the fields of each type and of each carrier.
///
/// Derived from the readings anew each time, so that an early reading which nothing could be made of counts as soon as a later one
/// gives it a meaning.
package struct PathKnowledge: Hashable, Sendable {
    /// The far end has proven that it takes part.
    package private(set) var isCapable = false
    private var fields = [PathVerdict](repeating: .unknown, count: 32)
    private var carriers = [PathVerdict](repeating: .unknown, count: 6)

    package init() {}

    package init(_ readings: [ReplyReading]) {
        isCapable = readings.contains { $0.evidence >= 2 }
        let observations = readings.flatMap { $0.observations(capable: isCapable) }
        for direction in Direction.allCases { conclude(observations, direction) }
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
        let forwardCarriers = carriersIntact(.forward)
        let observations = all.filter {
            $0.direction == direction && ($0.matched || !$0.needsForwardCarriers || forwardCarriers >= 2)
        }
        for observation in observations where observation.matched {
            set(direction, observation.carrier, .intact(.oneFragment))
        }
        let named = Set(observations.map(\.coverage))
        // Two fragments of one type in two carriers: intact, and so is all that the type contains.
        for coverage in named where Self.carriersMatching(coverage, observations) >= 2 {
            keep(direction, coverage, .twoFragments)
        }
        // A fragment that fails over fields that are intact speaks of its carrier.
        for observation in observations where !observation.matched && self[direction, observation.carrier].isUnknown {
            if observation.coverage == .null || self[direction, observation.coverage] == .intact(.twoFragments) {
                set(direction, observation.carrier, .changed)
            }
        }
        for coverage in named {
            let failed = observations.filter { $0.coverage == coverage && !$0.matched }
            if coverage != .null, failed.contains(where: { self[direction, $0.carrier].isIntact }) {
                change(direction, coverage)
            } else if Self.carriersMatching(coverage, observations) == 1,
                failed.count(where: { self[direction, $0.carrier].isUnknown }) < 2
            {
                keep(direction, coverage, .oneFragment)
            }
        }
        // All but the addresses is intact and all is not.
        if self[direction, .full].isChanged, self[direction, .noNAT].isIntact { change(direction, .nat) }
    }

    private static func carriersMatching(_ coverage: Coverage, _ observations: [Observation]) -> Int {
        Set(observations.filter { $0.coverage == coverage && $0.matched }.map(\.carrier)).count
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

    /// Changed, and with it all that it is part of.
    private mutating func change(_ direction: Direction, _ coverage: Coverage) {
        fields[Int(direction.rawValue) * 16 + Int(coverage.rawValue)] = .changed
        for other in Coverage.allCases where other.subsets.contains(coverage) {
            fields[Int(direction.rawValue) * 16 + Int(other.rawValue)] = .changed
        }
    }
}

import HiccupsGuard

/// Whole interrogations, and what they found beside what the path did.
struct Flows {
    var flows = 0
    var exchanges = 0
    /// How many flows took 1, 2, 3 ... exchanges.
    var histogram: [Int: Int] = [:]
    var missed = 0
    var imagined = 0
    /// Narrow types left open: the seed's search does so with addresses once it goes into narrow types.
    var open = 0
    /// Where a change could hide behind one fragment that matches by chance, 1 in 4096.
    var singleFragments = 0

    var mean: Double { Double(exchanges) / Double(max(flows, 1)) }
    func share(_ most: Int) -> Double {
        Double(histogram.filter { $0.key <= most }.reduce(0) { $0 + $1.value }) / Double(max(flows, 1))
    }

    mutating func take(_ path: SimulatedPath, _ strategy: Interrogation.Strategy, _ random: inout SplitMix64) throws {
        let truth = try path.exchange(PerCarrier(all: .null), using: &random)
        let done = try path.interrogate(strategy, using: &random)
        flows += 1
        exchanges += done.exchanges
        histogram[done.exchanges, default: 0] += 1
        let unusable = truth.forward.overwritten.count >= 2 || truth.reverse.overwritten.count >= 2
        guard done.conclusion != .cannotUseHiccups else {
            if !unusable { imagined += 1 }
            return
        }
        guard !unusable else {
            missed += 1
            return
        }
        for (direction, side) in [(Direction.forward, truth.forward), (.reverse, truth.reverse)] {
            for coverage in [.nat] + Coverage.headerLeaves + Coverage.optionLeaves {
                let verdict = done.knowledge[direction, coverage]
                let changed = side.changed.contains(coverage)
                switch verdict {
                case .unknown: open += 1
                case .intact(let certainty):
                    if changed {
                        if certainty == .oneFragment { singleFragments += 1 } else { missed += 1 }
                    }
                case .changed: if !changed { imagined += 1 }
                }
            }
            for carrier in Carrier.allCases {
                let overwritten = side.overwritten.contains(carrier)
                let verdict = done.knowledge[direction, carrier]
                if verdict.isChanged, !overwritten { imagined += 1 }
                if !verdict.isChanged, overwritten { missed += 1 }
            }
        }
    }
}

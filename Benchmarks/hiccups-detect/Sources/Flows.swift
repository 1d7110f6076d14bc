import HiccupsGuard
import L45Model

/// What a path does, by comparison of headers. A translated ISN leaves its carrier alone once in 65,536 times: three
/// exchanges tell.
struct Truth {
    private(set) var forward: (changed: Set<Coverage>, overwritten: Set<Carrier>) = ([], [])
    private(set) var reverse: (changed: Set<Coverage>, overwritten: Set<Carrier>) = ([], [])

    init(_ path: SimulatedPath, using random: inout SeededRandom) throws {
        for _ in 0..<3 {
            let exchange = try path.exchange(PerCarrier(all: .null), using: &random)
            let (out, back) = (exchange.forward, exchange.reverse)
            forward = (forward.changed.union(out.changed), forward.overwritten.union(out.overwritten))
            reverse = (reverse.changed.union(back.changed), reverse.overwritten.union(back.overwritten))
        }
    }
}

/// Whole interrogations, and what they found beside what the path did.
struct Flows {
    var flows = 0
    var exchanges = 0
    /// How many flows took 1, 2, 3 ... exchanges.
    var histogram: [Int: Int] = [:]
    /// Flows on which HNONAT fails in one direction at least.
    var changed = 0
    var missed = 0
    var imagined = 0
    /// Narrow types left open: the seed's search does so with addresses once it goes into narrow types.
    var open = 0
    /// Where a change could hide behind one fragment that matches by chance, 1 in 4096.
    var singleFragments = 0

    var mean: Double { Double(exchanges) / Double(max(flows, 1)) }
    var changedShare: Double { Double(changed) / Double(max(flows, 1)) }
    func share(_ most: Int) -> Double {
        Double(histogram.filter { $0.key <= most }.reduce(0) { $0 + $1.value }) / Double(max(flows, 1))
    }

    mutating func take(_ path: SimulatedPath, _ strategy: Interrogation.Strategy, _ random: inout SeededRandom) throws {
        let truth = try Truth(path, using: &random)
        let done = try path.interrogate(strategy, using: &random)
        flows += 1
        let lost = truth.forward.overwritten.count >= 2 || truth.reverse.overwritten.count >= 2
        if lost || truth.forward.changed.contains(.noNAT) || truth.reverse.changed.contains(.noNAT) { changed += 1 }
        exchanges += done.exchanges
        histogram[done.exchanges, default: 0] += 1
        guard done.conclusion != .cannotUseHiccups else {
            if !lost {
                imagined += 1
                complain("\(strategy): called unusable", done, path)
            }
            return
        }
        guard !lost else {
            missed += 1
            complain("\(strategy): unusable and not seen", done, path)
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
                        if certainty == .oneFragment {
                            singleFragments += 1
                        } else {
                            missed += 1
                            complain("\(strategy) missed \(direction) \(coverage.name)", done, path)
                        }
                    }
                case .changed:
                    if !changed {
                        imagined += 1
                        complain("\(strategy) imagined \(direction) \(coverage.name)", done, path)
                    }
                }
            }
            for carrier in Carrier.allCases {
                let overwritten = side.overwritten.contains(carrier)
                let verdict = done.knowledge[direction, carrier]
                if overwritten, verdict == .intact(.oneFragment) {
                    singleFragments += 1
                } else if verdict.isChanged != overwritten {
                    if overwritten { missed += 1 } else { imagined += 1 }
                    complain("\(strategy): \(direction) \(carrier) is \(verdict)", done, path)
                }
            }
        }
    }

    private func complain(_ what: String, _ done: Interrogation, _ path: SimulatedPath) {
        guard missed + imagined <= 2 else { return }
        let box = path.box
        var lines = [
            what, "  forward \(box.forward) \(box.strippedForward), reverse \(box.reverse) \(box.strippedReverse)",
        ]
        for reading in done.readings {
            let sent = Carrier.allCases.map { reading.sent[$0].name }.joined(separator: " ")
            lines.append(
                "  \(sent): status \(reading.status.map { "\($0)" } ?? "none") evidence \(reading.evidence) copies \(reading.copies)"
                    + " replied \(reading.replied) matches \(reading.matches)")
        }
        note(lines.joined(separator: "\n"))
    }
}

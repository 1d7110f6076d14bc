import HiccupsGuard

/// What the probes said beside what the box did.
struct Judgement {
    private(set) var handshakes = 0
    private(set) var paths = 0
    /// Paths that were changed in some way.
    private(set) var changedPaths = 0
    /// Changes that were called intact, and paths past use that were called usable.
    private(set) var missed = 0
    /// Changes that were not made.
    private(set) var imagined = 0
    /// Types of a usable path that were left open. The seed's search does so with what contains a change.
    private(set) var open = 0
    /// Paths on which one fragment over changed fields, or in an overwritten carrier, matched by chance, 1 in 4096. What
    /// follows from it is wrong and proves nothing.
    private(set) var chances = 0
    /// As many as that at the most: each exchange has three fragments each way, and not each is over a change.
    private(set) var chancesMost = 0.0
    private(set) var unanswered = 0

    mutating func take(_ report: ProbeReport, _ truth: BoxTruth.Path, _ what: String) {
        paths += 1
        handshakes += truth.handshakes
        if !truth.isClean { changedPaths += 1 }
        for direction in Direction.allCases {
            let isWhole = !truth.changed(direction).isEmpty
            let fragments = isWhole ? 3 : truth.overwritten(direction).count
            chancesMost += Double(report.exchanges * fragments) / 4096
        }
        guard !hasChance(report, truth) else {
            chances += 1
            return
        }
        switch report.outcome {
        case .capable: break
        case .notCapable:
            if !truth.isUnusable { Self.complain(&imagined, "called unusable", report, what) }
            return
        case .refused, .silent, .unreachable:
            Self.complain(&unanswered, "\(report.outcome)", report, what)
            return
        }
        if truth.isUnusable, report.findings.isEmpty {
            Self.complain(&missed, "past use, and nothing said", report, what)
        }
        for direction in Direction.allCases {
            let changed = truth.changed(direction)
            for coverage in [.nat] + Coverage.headerLeaves + Coverage.optionLeaves {
                switch report.knowledge[direction, coverage] {
                case .unknown: if !truth.isUnusable { open += 1 }
                case .intact where changed.contains(coverage):
                    Self.complain(&missed, "missed \(direction) \(coverage.name)", report, what)
                case .intact: break
                case .changed where !changed.contains(coverage):
                    Self.complain(&imagined, "imagined \(direction) \(coverage.name)", report, what)
                case .changed: break
                }
            }
            let overwritten = truth.overwritten(direction)
            for carrier in Carrier.allCases {
                switch (report.knowledge[direction, carrier], overwritten.contains(carrier)) {
                case (.intact, true): Self.complain(&missed, "missed \(direction) \(carrier)", report, what)
                case (.unknown, true) where !truth.isUnusable:
                    Self.complain(&missed, "not told: \(direction) \(carrier)", report, what)
                case (.changed, false): Self.complain(&imagined, "imagined \(direction) \(carrier)", report, what)
                default: break
                }
            }
        }
    }

    /// Something that did not arrive as it was sent is taken for intact on the word of one fragment.
    private func hasChance(_ report: ProbeReport, _ truth: BoxTruth.Path) -> Bool {
        Direction.allCases.contains { direction in
            truth.changed(direction).contains { report.knowledge[direction, $0] == .intact(.oneFragment) }
                || truth.overwritten(direction).contains { report.knowledge[direction, $0] == .intact(.oneFragment) }
        }
    }

    private static func complain(_ count: inout Int, _ text: String, _ report: ProbeReport, _ what: String) {
        count += 1
        guard count <= 4 else { return }
        note("\(text), port \(report.target.port), \(report.exchanges) exchanges: \(what)")
    }
}

package import L45Model

/// What a path does to each extension, per direction: what the gates are decided on.
package struct PathSight: Hashable, Sendable {
    /// The far end has proven that it takes part; without that nothing is known.
    package let isCapable: Bool
    private var verdicts: [PathExtension: [Direction: PathVerdict]] = [:]

    /// Nothing is known.
    package static let blind = PathSight(PathKnowledge())

    package init(_ knowledge: PathKnowledge) {
        isCapable = knowledge.isCapable
        for subject in PathExtension.allCases {
            for direction in Direction.allCases {
                verdicts[subject, default: [:]][direction] = Self.verdict(subject, direction, knowledge)
            }
        }
    }

    /// - Parameter verdicts: what is left out is intact.
    package init(
        isCapable: Bool = true, changed: [PathExtension: Set<Direction>] = [:],
        unknown: [PathExtension: Set<Direction>] = [:]
    ) {
        self.isCapable = isCapable
        for subject in PathExtension.allCases {
            for direction in Direction.allCases {
                let verdict: PathVerdict =
                    changed[subject]?.contains(direction) ?? false
                    ? .changed
                    : unknown[subject]?.contains(direction) ?? false || !isCapable
                        ? .unknown : .intact(.twoFragments)
                verdicts[subject, default: [:]][direction] = verdict
            }
        }
    }

    package subscript(subject: PathExtension, direction: Direction) -> PathVerdict {
        verdicts[subject]?[direction] ?? .unknown
    }

    /// The same, where a SYN that asks for `subject` does not get through at all.
    func dropping(_ subject: PathExtension) -> PathSight {
        guard isCapable else { return self }
        var sight = self
        sight.verdicts[subject, default: [:]][.forward] = .changed
        return sight
    }

    /// The same, with what a look of another kind says of `subject`: changed where either saw a change, and not known
    /// where the other could not tell.
    func weighing(_ subject: PathExtension, by other: PathSight) -> PathSight {
        var sight = self
        for direction in Direction.allCases {
            switch (self[subject, direction], other[subject, direction]) {
            case (.changed, _), (_, .intact): continue
            case (_, .changed): sight.verdicts[subject, default: [:]][direction] = .changed
            case (_, .unknown): sight.verdicts[subject, default: [:]][direction] = .unknown
            }
        }
        return sight
    }

    private static func verdict(
        _ subject: PathExtension, _ direction: Direction, _ known: PathKnowledge
    ) -> PathVerdict {
        guard known.isCapable else { return .unknown }
        switch subject {
        case .ecn: return both(known[direction, .ecnIP], known[direction, .ecnTCP])
        case .windowScaling: return known[direction, .windowScale]
        case .timestamps: return known[direction, .timestamp]
        case .mss: return known[direction, .mss]
        case .mptcp: return known[direction, .multipath]
        case .sack: return sack(direction, known)
        case .tfo:
            // No type of its own (seed table 5.4): the options changed, and none that has one did. An order or a padding
            // that changed reads the same; fast open then rests without need, which costs a round trip.
            if known[direction, .onlyOptions].isIntact { return known[direction, .onlyOptions] }
            return known.isUnexplained(direction, .onlyOptions) ? .changed : .unknown
        }
    }

    /// HFLAGS covers DF and the plain flags as well: SACK-permitted is to blame only where these are not.
    private static func sack(_ direction: Direction, _ known: PathKnowledge) -> PathVerdict {
        let options = known[direction, .onlyOptions]
        if options.isIntact { return options }
        let flags = known[direction, .flags]
        guard flags.isChanged else { return flags }
        if known[direction, .noOptions].isIntact { return .changed }
        let isExplained = Coverage.optionLeaves.contains { !known[direction, $0].isIntact }
        return options.isChanged && !isExplained ? .changed : .unknown
    }

    private static func both(_ first: PathVerdict, _ second: PathVerdict) -> PathVerdict {
        switch (first, second) {
        case (.changed, _), (_, .changed): .changed
        case (.intact(let one), .intact(let other)): .intact(min(one, other))
        default: .unknown
        }
    }
}

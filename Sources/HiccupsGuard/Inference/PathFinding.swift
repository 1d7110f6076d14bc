/// One change that a path makes, as it is told to people and to the gates.
package struct PathFinding: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        /// The fields of one of the narrow types.
        case fields(Coverage)
        /// The bits of one carrier, for instance a translated ISN.
        case carrier(Carrier)
        /// The option blocks differ and none of the options that have a type of their own does: another kind, the
        /// order, padding.
        case otherOptions
        /// The headers differ and none of the narrow types does: the urgent pointer.
        case otherHeader
    }

    package let direction: Direction
    package let subject: Subject

    package init(direction: Direction, subject: Subject) {
        self.direction = direction
        self.subject = subject
    }
}

extension PathKnowledge {
    /// Every change that is known, narrow ones in place of the wide ones that they explain.
    package var findings: [PathFinding] {
        var found: [PathFinding] = []
        for direction in Direction.allCases {
            func add(_ subject: PathFinding.Subject) {
                found.append(PathFinding(direction: direction, subject: subject))
            }
            for carrier in Carrier.allCases where self[direction, carrier].isChanged { add(.carrier(carrier)) }
            for coverage in [.nat] + Coverage.headerLeaves + Coverage.optionLeaves
            where self[direction, coverage].isChanged {
                add(.fields(coverage))
            }
            if isUnexplained(direction, .noOptions) { add(.otherHeader) }
            if isUnexplained(direction, .onlyOptions) { add(.otherOptions) }
        }
        return found
    }

    /// Whether `group` changed and each narrow type within it is intact.
    func isUnexplained(_ direction: Direction, _ group: Coverage) -> Bool {
        self[direction, group].isChanged && Self.leaves(of: group).allSatisfy { self[direction, $0].isIntact }
    }

    /// The narrow types that a change of `group` may show in. HFLAGS stands in both: it covers SACK-permitted, an
    /// option, too.
    static func leaves(of group: Coverage) -> [Coverage] {
        group == .noOptions ? Coverage.headerLeaves : Coverage.optionLeaves + [.flags]
    }
}

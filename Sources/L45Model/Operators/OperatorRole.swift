/// What an operator may do; each role may also do what those before it may.
package enum OperatorRole: String, Hashable, Codable, Sendable, CaseIterable, Comparable {
    /// Look, and ask what an apply would do.
    case view
    /// Change what devices run: apply, delete, steer rollouts, set the level.
    case operate
    /// Change who takes part: devices, their labels, tokens, operators; read the audit trail.
    case administer

    package static func < (a: OperatorRole, b: OperatorRole) -> Bool { a.rank < b.rank }

    private var rank: Int {
        switch self {
        case .view: 0
        case .operate: 1
        case .administer: 2
        }
    }
}

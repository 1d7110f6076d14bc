/// What is known of one set of fields, or of one carrier, in one direction of a path.
package enum PathVerdict: Hashable, Sendable {
    case unknown
    case intact(Certainty)
    /// A fragment failed on a carrier that is known to arrive: beyond doubt, as long as the path treats all handshakes
    /// alike.
    case changed

    /// How much stands behind "intact".
    package enum Certainty: Int, Hashable, Sendable, Comparable {
        /// One fragment: wrong once in 4096 changes.
        case oneFragment
        /// Two fragments: wrong about three times in 2^24 changes.
        case twoFragments

        package static func < (left: Certainty, right: Certainty) -> Bool { left.rawValue < right.rawValue }
    }

    package var isIntact: Bool { if case .intact = self { true } else { false } }
    package var isChanged: Bool { self == .changed }
    package var isUnknown: Bool { self == .unknown }
}

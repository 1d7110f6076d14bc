/// A TCP extension that can be kept out of the handshakes with one destination.
package enum PathExtension: String, Hashable, Codable, Sendable, CaseIterable, Comparable {
    /// RFC 3168: ECE and CWR of the handshake, the codepoint of the IP header.
    case ecn
    /// RFC 7323, option kind 3.
    case windowScaling = "window-scaling"
    /// RFC 7323, option kind 8.
    case timestamps
    /// RFC 2018, option kind 4.
    case sack
    /// RFC 9293, option kind 2; it is bounded, not taken out.
    case mss
    /// RFC 8684, option kind 30.
    case mptcp
    /// RFC 7413, option kind 34 and the experimental kind 254.
    case tfo

    package static func < (left: PathExtension, right: PathExtension) -> Bool { left.rawValue < right.rawValue }

    /// As intents name it.
    package var words: String { self == .windowScaling ? "window scaling" : rawValue }
}

/// Which end of the connections on a path a gate works at.
package enum PathEnd: String, Hashable, Codable, Sendable, CaseIterable, Comparable {
    /// Here, for connections that this device opens to the destination.
    case opening
    /// Here, for connections from the destination that this device accepts.
    case accepting

    package static func < (left: PathEnd, right: PathEnd) -> Bool { left.rawValue < right.rawValue }
}

/// A row of the seed's tables 8.5 and 8.6: one kind of change, in flows that asked for what it changes, or that did not and had it
/// added.
package enum SurveyChange: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Two carriers or more are overwritten, or the far end takes no part.
    case notCapable
    case addresses
    case isn
    case ipid
    case window
    case ecnIPAdded
    case ecnIP
    case ecnTCPAdded
    case ecnTCP
    case mssAdded
    /// By the size that was announced, in bytes.
    case mss(UInt16)
    case sack
    case timestampAdded
    case timestamp
    case windowScaleAdded
    case windowScale
    case multipathAdded
    case multipath
    case experimentalAdded
    case experimental
    /// DF, or TCP flags that are not ECN's.
    case flags
    /// Version, protocol, reserved bits.
    case safe

    package var description: String {
        switch self {
        case .notCapable: "not HICCUPS-capable"
        case .addresses: "NAT"
        case .isn: "ISN translation"
        case .ipid: "IPID change"
        case .window: "window change"
        case .ecnIPAdded: "ECN IP add"
        case .ecnIP: "ECN IP change"
        case .ecnTCPAdded: "ECN TCP add"
        case .ecnTCP: "ECN TCP change"
        case .mssAdded: "MSS add"
        case .mss(let size): "MSS \(size) change"
        case .sack: "SACK-permitted change"
        case .timestampAdded: "timestamp add"
        case .timestamp: "timestamp change"
        case .windowScaleAdded: "window scaling add"
        case .windowScale: "window scaling change"
        case .multipathAdded: "MP_CAPABLE add"
        case .multipath: "MP_CAPABLE change"
        case .experimentalAdded: "unknown option add"
        case .experimental: "unknown option change"
        case .flags: "DF or flags change"
        case .safe: "reserved bits change"
        }
    }

    /// The rows that a flow which asked for `trial` counts in, each with the type that shows the change.
    static func rows(of trial: ProbeTrial) -> [(change: SurveyChange, coverage: Coverage)] {
        func has(_ kind: UInt8) -> Bool {
            trial.options.contains { $0.bytes.first == kind }
        }
        var mss = SurveyChange.mssAdded
        for case .maximumSegmentSize(let size) in trial.options { mss = .mss(size) }
        return [
            (.addresses, .nat),
            (trial.usesECN ? .ecnIP : .ecnIPAdded, .ecnIP),
            (trial.usesECN ? .ecnTCP : .ecnTCPAdded, .ecnTCP),
            (mss, .mss),
            (has(TCPOption.timestampKind) ? .timestamp : .timestampAdded, .timestamp),
            (has(TCPOption.windowScaleKind) ? .windowScale : .windowScaleAdded, .windowScale),
            (has(TCPOption.multipathKind) ? .multipath : .multipathAdded, .multipath),
            (has(TCPOption.unusedKind) ? .experimental : .experimentalAdded, .experimental),
            (.safe, .safe),
        ]
    }
}

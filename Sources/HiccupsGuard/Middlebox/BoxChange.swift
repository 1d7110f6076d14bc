/// One thing that a box does, by the name that people give it.
package enum BoxChange: Hashable, Sendable, CustomStringConvertible {
    case table(HeaderChange)
    case fault(BoxFault)
    /// The option of this kind is replaced by no-operations.
    case strip(UInt8)

    private static let tableNames: [(String, HeaderChange)] = [
        ("ect-cleared", .ectCleared), ("ce-degraded", .ceDegraded), ("df-flipped", .dontFragmentFlipped),
        ("ecn-flags-cleared", .ecnFlagsCleared), ("ecn-flags-flipped", .ecnFlagsFlipped),
        ("ipid-zeroed", .identificationZeroed), ("isn-translated", .isnTranslated), ("mss-added", .mssAdded),
        ("mss-lowered", .mssLowered), ("window-scale-added", .windowScaleAdded),
        ("window-scale-replaced", .windowScaleReplaced), ("reserved-bits-set", .reservedBitsSet),
        ("window-offset", .windowOffset),
    ]

    private static let faultNames: [(String, BoxFault)] = [
        ("mss-raised", .mssRaised), ("timestamp-shifted", .timestampShifted),
        ("congestion-marked", .congestionMarked), ("mptcp-key-changed", .multipathKeyChanged),
        ("syn-data-dropped", .synDataDropped),
    ]

    private static let stripNames: [(String, UInt8)] = [
        ("mss-stripped", TCPOption.maximumSegmentSizeKind), ("window-scale-stripped", TCPOption.windowScaleKind),
        ("sack-stripped", TCPOption.sackPermittedKind), ("timestamps-stripped", TCPOption.timestampKind),
        ("mptcp-stripped", TCPOption.multipathKind), ("tfo-stripped", TCPOption.fastOpenKind),
    ]

    /// Every name, in the order of the table.
    package static var names: [String] {
        tableNames.map(\.0) + faultNames.map(\.0) + stripNames.map(\.0)
    }

    package init?(name: String) {
        if let found = Self.tableNames.first(where: { $0.0 == name }) {
            self = .table(found.1)
        } else if let found = Self.faultNames.first(where: { $0.0 == name }) {
            self = .fault(found.1)
        } else if let found = Self.stripNames.first(where: { $0.0 == name }) {
            self = .strip(found.1)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .table(let change): Self.tableNames.first { $0.1 == change }?.0 ?? "\(change)"
        case .fault(let fault): Self.faultNames.first { $0.1 == fault }?.0 ?? "\(fault)"
        case .strip(let kind): Self.stripNames.first { $0.1 == kind }?.0 ?? "option-\(kind)-stripped"
        }
    }
}

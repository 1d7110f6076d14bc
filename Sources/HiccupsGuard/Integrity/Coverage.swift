/// Which header fields a fragment covers: the sixteen types of seed table 5.4, by their number on the wire.
package enum Coverage: UInt8, Hashable, Sendable, CaseIterable {
    /// Everything but addresses and ports.
    case noNAT = 0
    /// Everything.
    case full = 1
    /// Addresses and ports.
    case nat = 2
    /// Everything but addresses, ports and options.
    case noOptions = 3
    /// IP and TCP options.
    case onlyOptions = 4
    /// The ECN codepoint of the IP header.
    case ecnIP = 5
    /// ECE, CWR and NS of the TCP header.
    case ecnTCP = 6
    /// IHL, total length, data offset.
    case lengths = 7
    case mss = 8
    case windowScale = 9
    case timestamp = 10
    case multipath = 11
    /// The unused option kind 99.
    case experimental = 12
    /// DF, the TCP flags that are not ECN's, SACK-permitted.
    case flags = 13
    /// Reserved bits, protocol, version.
    case safe = 14
    /// Nothing: tells whether the far end takes part at all, and which carriers arrive.
    case null = 15

    /// The seed's name, as operators know it.
    package var name: String {
        switch self {
        case .noNAT: "HNONAT"
        case .full: "HFULL"
        case .nat: "HNAT"
        case .noOptions: "HNOOPT"
        case .onlyOptions: "HONLYOPT"
        case .ecnIP: "HECNIP"
        case .ecnTCP: "HECNTCP"
        case .lengths: "HLEN"
        case .mss: "HMSS"
        case .windowScale: "HWINSCL"
        case .timestamp: "HTSTAMP"
        case .multipath: "HMPTCP"
        case .experimental: "HEXOPT"
        case .flags: "HFLAGS"
        case .safe: "HSAFE"
        case .null: "HNULL"
        }
    }

    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name.uppercased() }) else { return nil }
        self = found
    }

    /// The types that narrow a change outside the options (Figure 5.3).
    package static let headerLeaves: [Coverage] = [.ecnIP, .ecnTCP, .lengths, .flags, .safe]
    /// The types that narrow a change of the options (Figure 5.3).
    package static let optionLeaves: [Coverage] = [.mss, .windowScale, .timestamp, .multipath, .experimental]

    /// The types whose fields all lie within this one's: they are unmodified where this one is.
    package var subsets: [Coverage] {
        switch self {
        case .full: Self.allCases.filter { $0 != .full }
        case .noNAT: Self.allCases.filter { $0 != .full && $0 != .nat && $0 != .noNAT }
        case .noOptions: Self.headerLeaves.filter { $0 != .flags } + [.null]
        case .onlyOptions: Self.optionLeaves + [.null]
        case .null: []
        default: [.null]
        }
    }

    var fields: CoveredFields {
        switch self {
        case .noNAT: .allButAddresses
        case .full: [.allButAddresses, .addresses]
        case .nat: .addresses
        case .noOptions: .allButAddresses.subtracting(.options)
        case .onlyOptions: .options
        case .ecnIP: .ecnIP
        case .ecnTCP: .ecnTCP
        case .lengths: .lengths
        case .flags: [.plainFlags, .sackPermitted]
        case .safe: .safe
        case .mss, .windowScale, .timestamp, .multipath, .experimental, .null: []
        }
    }

    /// The one option that the type covers, where it covers one.
    var optionKind: UInt8? {
        switch self {
        case .mss: TCPOption.maximumSegmentSizeKind
        case .windowScale: TCPOption.windowScaleKind
        case .timestamp: TCPOption.timestampKind
        case .multipath: TCPOption.multipathKind
        case .experimental: TCPOption.unusedKind
        default: nil
        }
    }
}

/// The building blocks of the types, in the order in which they are hashed.
///
/// Never covered: TTL, DSCP, fragmentation, checksums, sequence and acknowledgement numbers, and the carriers
/// themselves.
struct CoveredFields: OptionSet, Sendable {
    let rawValue: UInt16

    /// Version, protocol, the reserved bits of IP and TCP.
    static let safe = CoveredFields(rawValue: 1)
    static let lengths = CoveredFields(rawValue: 2)
    /// The exact codepoint. Seed 5.5 hashes the OR of its bits, which is blind to CE becoming ECT, a row of its own
    /// table 7.6.
    static let ecnIP = CoveredFields(rawValue: 4)
    static let ecnTCP = CoveredFields(rawValue: 8)
    /// DF and the TCP flags that are not ECN's.
    static let plainFlags = CoveredFields(rawValue: 16)
    static let addresses = CoveredFields(rawValue: 32)
    /// Both option blocks as they are, padding too.
    static let options = CoveredFields(rawValue: 64)
    static let urgentPointer = CoveredFields(rawValue: 128)
    /// Hashed with the flags by HFLAGS alone; everywhere else it is one of the options.
    static let sackPermitted = CoveredFields(rawValue: 256)

    static let allButAddresses: CoveredFields = [
        .safe, .lengths, .ecnIP, .ecnTCP, .plainFlags, .options, .urgentPointer,
    ]
}

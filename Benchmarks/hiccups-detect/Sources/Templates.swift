import HiccupsGuard
import L45Model

/// The SYNs that the benchmark sends: options, ECN and addresses drawn anew.
enum Templates {
    static func any(_ random: inout SeededRandom) throws -> HandshakePacket {
        var options: [TCPOption] = []
        if Bool.random(using: &random) { options.append(.maximumSegmentSize(.random(in: 536...8960, using: &random))) }
        if Bool.random(using: &random) { options.append(.sackPermitted) }
        if Bool.random(using: &random) {
            options.append(.timestamp(value: .random(in: .min ... .max, using: &random), echo: 0))
        }
        if Bool.random(using: &random) { options.append(.windowScale(.random(in: 0...14, using: &random))) }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: options.append(.multipath([0, 0x81]))
        case 1: options.append(.other(kind: TCPOption.unusedKind, [0xca, 0xfe]))
        default: break
        }
        let ecn = ECNCodepoint.allCases[Int.random(in: 0..<4, using: &random)]
        return try syn(
            ecn: ecn, flags: Bool.random(using: &random) ? [.syn, .ece, .cwr] : .syn, options: options,
            isIPv6: Int.random(in: 0..<10, using: &random) == 0, &random)
    }

    /// One on which `change` has something to act.
    static func fitting(_ change: HeaderChange, _ random: inout SeededRandom) throws -> HandshakePacket {
        var options: [TCPOption] = [.sackPermitted]
        if change != .mssAdded { options.append(.maximumSegmentSize(.random(in: 1381...8960, using: &random))) }
        if change != .windowScaleAdded { options.append(.windowScale(.random(in: 8...14, using: &random))) }
        return try syn(
            ecn: change == .ceDegraded ? .ce : Bool.random(using: &random) ? .ect0 : .ect1, flags: [.syn, .ece, .cwr],
            options: options, isIPv6: false, &random)
    }

    static func syn(
        ecn: ECNCodepoint, flags: TCPFlags, options: [TCPOption], isIPv6: Bool = false, _ random: inout SeededRandom
    ) throws -> HandshakePacket {
        var tcp = TCPHeader(
            sourcePort: .random(in: 1024 ... .max, using: &random), destinationPort: 443, flags: flags)
        tcp.options = try OptionBlock(options)
        if isIPv6 {
            var header = IPv6Header(
                source: .init(high: 0x2001_0db8 << 32, low: random.next()),
                destination: .init(high: 0x2001_0db8 << 32, low: random.next()))
            header.ecn = ecn
            return HandshakePacket(ip: .v6(header), tcp: tcp)
        }
        var header = IPv4Header(
            source: .random(in: .min ... .max, using: &random), destination: .random(in: .min ... .max, using: &random))
        header.ecn = ecn
        return HandshakePacket(ip: .v4(header), tcp: tcp)
    }
}

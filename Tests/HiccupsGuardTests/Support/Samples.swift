import HiccupsGuard
import L45Model

/// The packets that the stories are told with.
enum Samples {
    static let client: UInt32 = 0x0a00_0001
    static let server: UInt32 = 0xc000_0207

    /// A SYN with every option that has a type of its own, as a prober sends it.
    static func syn(
        ecn: ECNCodepoint = .ect0, flags: TCPFlags = [.syn, .ece, .cwr], options: [TCPOption] = Samples.options
    ) throws -> HandshakePacket {
        var ip = IPv4Header(source: client, destination: server)
        ip.ecn = ecn
        return HandshakePacket(ip: .v4(ip), tcp: try tcp(flags, options))
    }

    static func syn6(options: [TCPOption] = Samples.options) throws -> HandshakePacket {
        var ip = IPv6Header(
            source: .init(high: 0x2001_0db8_0000_0000, low: 1), destination: .init(high: 0x2001_0db8_0000_0001, low: 7))
        ip.ecn = .ect0
        return HandshakePacket(ip: .v6(ip), tcp: try tcp([.syn, .ece, .cwr], options))
    }

    private static func tcp(_ flags: TCPFlags, _ options: [TCPOption]) throws -> TCPHeader {
        var tcp = TCPHeader(sourcePort: 49_152, destinationPort: 443, flags: flags)
        tcp.options = try OptionBlock(options)
        return tcp
    }

    static let options: [TCPOption] = [
        .maximumSegmentSize(1460), .sackPermitted, .timestamp(value: 1000, echo: 0), .windowScale(9),
        .other(kind: TCPOption.unusedKind, [1, 2]),
    ]

    /// Without MSS and window scale: a box that adds them has something to do.
    static let sparseOptions: [TCPOption] = [.sackPermitted, .timestamp(value: 1000, echo: 0)]

    static func path(
        _ template: HandshakePacket, forward: [HeaderChange] = [], reverse: [HeaderChange] = [], seed: UInt64 = 1,
        functions: FragmentFunctions = .plain, translated: Bool = false
    ) -> SimulatedPath {
        var random = SeededRandom(seed: seed)
        return SimulatedPath(
            initiator: Initiator(template: template, functions: functions), responder: Responder(functions: functions),
            box: Middlebox(
                forward: forward, reverse: reverse, parameters: ChangeParameters(using: &random),
                translation: translated ? .init(address: 0xcb00_7105, port: 1024) : nil))
    }

    /// A packet on which `change` has something to act, in both directions.
    static func template(for change: HeaderChange) throws -> HandshakePacket {
        switch change {
        case .ceDegraded: try syn(ecn: .ce)
        case .mssAdded, .windowScaleAdded: try syn(options: sparseOptions)
        default: try syn()
        }
    }

    static func key(_ byte: UInt8) throws -> PathKey {
        guard let key = PathKey(Secret((0..<16).map { byte &+ $0 })) else { throw SampleError.key }
        return key
    }
}

enum SampleError: Error { case key }

/// One field of a handshake packet that arrived otherwise than it was sent, with both values: what fragments can only say
/// "changed" of, where both headers are known.
package struct HeaderDifference: Hashable, Sendable, CustomStringConvertible {
    package let field: String
    package let sent: String
    package let arrived: String

    package var description: String { "\(field) \(sent) -> \(arrived)" }

    /// Every covered field and every carrier that differs, in the order of the header. CE that a router may have set is none.
    package static func all(sent: HandshakePacket, arrived: HandshakePacket) -> [HeaderDifference] {
        var found: [HeaderDifference] = []
        func compare<Value: Equatable>(_ field: String, _ value: (HandshakePacket) -> Value) {
            let (old, new) = (value(sent), value(arrived))
            if old != new { found.append(HeaderDifference(field: field, sent: "\(old)", arrived: "\(new)")) }
        }
        compare("source") { "\($0.ip.source)" }
        compare("destination") { "\($0.ip.destination)" }
        if !(arrived.ip.ecn == .ce && sent.ip.ecn != .notECT) { compare("ECN") { name(of: $0.ip.ecn) } }
        compare("IP identification") { $0.ip.identification }
        if case .v4 = sent.ip {
            compare("DF") { packet in if case .v4(let header) = packet.ip { header.dontFragment } else { false } }
            compare("IP reserved bit") { packet in
                if case .v4(let header) = packet.ip { header.reservedBit } else { false }
            }
            compare("IP options") { packet in
                if case .v4(let header) = packet.ip { header.options.hexadecimal } else { "" }
            }
        }
        compare("length") { $0.lengthField }
        compare("source port") { $0.tcp.sourcePort }
        compare("destination port") { $0.tcp.destinationPort }
        compare("sequence number") { $0.tcp.sequence }
        compare("TCP reserved bits") { $0.tcp.reservedBits }
        compare("TCP flags") { String($0.tcp.flags.rawValue & 0x1ff, radix: 16) }
        compare("window") { $0.tcp.window }
        compare("urgent pointer") { $0.tcp.urgentPointer }
        let kinds = sent.tcp.options.kinds + arrived.tcp.options.kinds
        var done: Set<UInt8> = []
        for kind in kinds where done.insert(kind).inserted {
            compare(Self.name(ofOption: kind)) { $0.tcp.options.values(of: kind) }
        }
        if sent.tcp.options != arrived.tcp.options, !found.contains(where: { $0.field.hasPrefix("option") }) {
            // The order, or padding.
            compare("options") { $0.tcp.options.hexadecimal }
        }
        return found
    }

    private static func name(of codepoint: ECNCodepoint) -> String {
        switch codepoint {
        case .notECT: "not-ECT"
        case .ect0: "ECT(0)"
        case .ect1: "ECT(1)"
        case .ce: "CE"
        }
    }

    private static func name(ofOption kind: UInt8) -> String {
        switch kind {
        case TCPOption.maximumSegmentSizeKind: "option MSS"
        case TCPOption.windowScaleKind: "option window scale"
        case TCPOption.sackPermittedKind: "option SACK-permitted"
        case TCPOption.timestampKind: "option timestamps"
        case TCPOption.multipathKind: "option MPTCP"
        default: "option \(kind)"
        }
    }
}

extension OptionBlock {
    fileprivate var hexadecimal: String {
        let bytes = (0..<count).map { self[$0] }
        return bytes.isEmpty ? "none" : Self.hexadecimal(bytes)
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    fileprivate var kinds: [UInt8] {
        var found: [UInt8] = []
        var at = 0
        while let place = place(from: at) {
            // Padding has no value.
            if place.kind > 1 { found.append(place.kind) }
            at = place.offset + place.length
        }
        return found
    }

    /// What stands behind kind and length of every such option; numbers as such.
    fileprivate func values(of kind: UInt8) -> String {
        var found: [String] = []
        var at = 0
        while let place = place(from: at) {
            if place.kind == kind {
                let bytes = (place.offset..<place.offset + place.length).dropFirst(2).map { self[$0] }
                switch kind {
                case TCPOption.maximumSegmentSizeKind, TCPOption.windowScaleKind:
                    found.append("\(bytes.reduce(0) { $0 << 8 | Int($1) })")
                default: found.append(bytes.isEmpty ? "present" : Self.hexadecimal(bytes))
                }
            }
            at = place.offset + place.length
        }
        return found.isEmpty ? "none" : found.joined(separator: "+")
    }
}

import L45Model

/// What a dialect adds, against what links and UDP can carry.
enum GrowthProof {
    /// The longest UDP message: 65,535 less the headers of IPv4 and UDP.
    static let udpBytesMax = 65_507
    /// The longest DNS message over UDP without EDNS (RFC 1035, 4.2.1).
    static let classicDNSBytesMax = 512

    static func proof(_ flow: ProofFlow, mtuBytes: Int) -> PlanProof? {
        let subject = "\(flow.name)"
        switch flow.dialect {
        case .monitor: return nil
        case .stream(let tag):
            let tenths = (tag.tagBytes * 1000 + tag.frameBytes / 2) / tag.frameBytes
            return PlanProof(
                .growth, subject, .proved,
                "at most \(tenths / 10).\(tenths % 10) % and \(tag.tagBytes) bytes more of a stream; TCP cuts it to fit any link"
            )
        case .datagram(let tag):
            return datagram(subject, tag.growthBytes, WireProtocol.usual(.udp, flow.port), mtuBytes)
        }
    }

    private static func datagram(
        _ subject: String, _ tagBytes: Int, _ known: WireProtocol?, _ mtuBytes: Int
    ) -> PlanProof {
        // Headers of IP and UDP: 20 + 8, 40 + 8.
        let room = (mtuBytes - 28 - tagBytes, mtuBytes - 48 - tagBytes)
        let whole = "messages up to \(room.0) bytes stay whole over IPv4, \(room.1) over IPv6, at an MTU of \(mtuBytes)"
        let longest = "the longest that UDP takes is \(udpBytesMax - tagBytes) instead of \(udpBytesMax)"
        guard let known, let usual = known.messageBytesMax else {
            return PlanProof(.growth, subject, .proved, "+\(tagBytes) bytes: \(whole); \(longest)")
        }
        if usual > room.1 {
            return PlanProof(
                .growth, subject, .warned,
                "+\(tagBytes) bytes: a \(known.name) message has up to \(usual) bytes, and \(whole); longer ones are sent in"
                    + " fragments")
        }
        let text = "+\(tagBytes) bytes: \(whole), and a \(known.name) message has at most \(usual); \(longest)"
        guard known.port == 53, known.transport == .udp else { return PlanProof(.growth, subject, .proved, text) }
        return PlanProof(
            .growth, subject, .warned,
            "\(text); a middlebox that takes no DNS message above \(classicDNSBytesMax) bytes (no EDNS) drops those above"
                + " \(classicDNSBytesMax - tagBytes)")
    }
}

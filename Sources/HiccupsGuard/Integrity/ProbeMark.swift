/// What tells the SYN of a prober from that of a client, in the one field of a SYN that means nothing and that no fragment
/// covers: the acknowledgement number, which is to be ignored where ACK is not set (RFC 9293 section 3.1), and is 0 there in
/// practice.
///
/// The fragments can not serve: in a SYN that was changed on the way none may match, and a responder beside a service must know
/// such a SYN for a probe. The carriers' types can not either, as one ordinary SYN in 250 has them by chance. With the mark, a
/// firewall rule or a socket filter takes probes out, and no client's SYN is ever looked at.
///
/// The mark is public. A middlebox that means to deceive can tell probes by it, as it can by public fragments.
package enum ProbeMark {
    /// "HICC".
    package static let number: UInt32 = 0x4849_4343
}

extension HandshakePacket {
    /// A SYN whose sender says that it probes.
    package var isMarkedProbe: Bool { isSYN && tcp.acknowledgement == ProbeMark.number }
}

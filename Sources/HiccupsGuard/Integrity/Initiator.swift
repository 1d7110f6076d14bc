/// The end that opens: what it sends, and how it reads the answer.
package struct Initiator: Sendable {
    /// The SYN without integrity: addresses, ports, flags and options as wanted.
    package var template: HandshakePacket
    package var functions: FragmentFunctions
    /// SYNs bear the ``ProbeMark``, so that a responder beside an ordinary service takes them.
    package var isMarked: Bool

    package init(template: HandshakePacket, functions: FragmentFunctions = .plain, isMarked: Bool = true) {
        self.template = template
        self.functions = functions
        self.isMarked = isMarked
    }

    /// - Parameter salt: 16 random bits, new for every connection.
    package func open(_ coverage: PerCarrier<Coverage>, salt: UInt16) -> HandshakePacket {
        var syn = template
        syn.tcp.acknowledgement = isMarked ? ProbeMark.number : 0
        syn.sealSYN(coverage, salt: salt, by: functions)
        return syn
    }

    /// Reads the SYN-ACK that answers `syn`, the packet as it was sent. An AppSalt SYN is answered in plain: the
    /// responder cannot read it yet.
    package func read(_ synAck: HandshakePacket, answering syn: HandshakePacket) -> ReplyReading {
        if case .appSalted = functions { return synAck.readSYNACK(answering: syn.carriers, by: .plain) }
        return synAck.readSYNACK(answering: syn.carriers, by: functions)
    }

    /// Whether `synAck` belongs to the connection that `syn` opened, as a host's own TCP would judge it.
    package func accepts(_ synAck: HandshakePacket, answering syn: HandshakePacket) -> Bool {
        synAck.isSYNACK && synAck.tcp.acknowledgement == syn.tcp.sequence &+ 1
            && synAck.tcp.destinationPort == syn.tcp.sourcePort && synAck.tcp.sourcePort == syn.tcp.destinationPort
    }
}

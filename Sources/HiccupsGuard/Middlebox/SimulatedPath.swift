/// Two ends and a box between them: one handshake, as bytes on each stretch of wire, without a wire.
package struct SimulatedPath: Sendable {
    package var initiator: Initiator
    package var responder: Responder
    package var box: Middlebox

    package init(initiator: Initiator, responder: Responder = Responder(), box: Middlebox) {
        self.initiator = initiator
        self.responder = responder
        self.box = box
    }

    /// One SYN and its answer, as each end and the box saw them.
    package struct Exchange: Sendable {
        package let syn: HandshakePacket
        package let synArrived: HandshakePacket
        package let synReading: SynReading
        package let synAck: HandshakePacket
        package let synAckArrived: HandshakePacket
        package let reply: ReplyReading
        /// What the box did, by comparison.
        package var forward: HeaderComparison { HeaderComparison(sent: syn, received: synArrived) }
        package var reverse: HeaderComparison { HeaderComparison(sent: synAck, received: synAckArrived) }
    }

    /// - Throws: what parsing throws; the ends write nothing that it would refuse, so this is a defect of ours.
    package func exchange(
        _ coverage: PerCarrier<Coverage>, using random: inout some RandomNumberGenerator
    ) throws(PacketError) -> Exchange {
        let syn = initiator.open(coverage, salt: .random(in: .min ... .max, using: &random))
        let atBox = try HandshakePacket(parsing: syn.wireBytes())
        let synArrived = try HandshakePacket(parsing: box.forward(atBox).wireBytes())
        let answer = responder.answer(synArrived, salt: .random(in: .min ... .max, using: &random))
        let backAtBox = try HandshakePacket(parsing: answer.synAck.wireBytes())
        let synAckArrived = try HandshakePacket(parsing: box.reverse(backAtBox, of: atBox).wireBytes())
        return Exchange(
            syn: syn, synArrived: synArrived, synReading: answer.reading, synAck: answer.synAck,
            synAckArrived: synAckArrived, reply: initiator.read(synAckArrived, answering: syn))
    }

    /// A whole interrogation over this path.
    package func interrogate(
        _ strategy: Interrogation.Strategy, using random: inout some RandomNumberGenerator
    ) throws(PacketError) -> Interrogation {
        var interrogation = Interrogation(strategy)
        while let coverage = interrogation.next {
            interrogation.record(try exchange(coverage, using: &random).reply)
        }
        return interrogation
    }
}

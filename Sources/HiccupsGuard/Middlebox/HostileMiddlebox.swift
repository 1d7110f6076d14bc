/// A middlebox that knows the protocol: it makes its changes and mends the integrity behind them, as far as it can.
package struct HostileMiddlebox: Sendable {
    /// How it mends the fragments.
    package enum Tactic: Hashable, Sendable, CaseIterable {
        /// Computes the public functions anew over the changed header.
        case recompute
        /// Xors into each fragment what the public functions differ by: beats any mask that is put over plain
        /// fragments.
        case difference
        /// Writes the carriers that it saw on another packet, one whose header was already as it wants this one to be.
        case replay
    }

    package var box: Middlebox
    package var tactic: Tactic
    /// What it believes the fragments to be computed by. Not knowing a key or the application's data, it can only
    /// guess.
    package var guess: FragmentFunctions

    package init(_ box: Middlebox, tactic: Tactic, guess: FragmentFunctions = .plain) {
        self.box = box
        self.tactic = tactic
        self.guess = guess
    }

    /// - Parameter seen: for ``Tactic/replay``: an earlier SYN, sealed, with the header that this one will be given.
    package func forward(_ syn: HandshakePacket, seen: HandshakePacket? = nil) -> HandshakePacket {
        var changed = box.forward(syn)
        let salt = UInt16(truncatingIfNeeded: syn.tcp.sequence)
        switch tactic {
        case .recompute: changed.sealSYN(syn.readSYN(by: guess).named, salt: salt, by: guess)
        case .difference:
            let named = syn.readSYN(by: guess).named
            var old = syn
            var new = changed
            old.sealSYN(named, salt: salt, by: guess)
            new.sealSYN(named, salt: salt, by: guess)
            changed.setCarriers(Self.mended(syn.carriers, old.carriers, new.carriers), salt: salt)
        case .replay: changed.setCarriers((seen ?? syn).carriers, salt: salt)
        }
        return changed
    }

    /// The SYN-ACK as it leaves the box: its changes, and a status that says that all is well.
    ///
    /// - Parameters:
    ///   - syn: as it came to the box.
    ///   - seen: for ``Tactic/replay``: an earlier SYN-ACK with the header that this one will be given.
    package func reverse(
        _ synAck: HandshakePacket, of syn: HandshakePacket, seen: HandshakePacket? = nil
    ) -> HandshakePacket {
        var changed = box.reverse(synAck, of: syn)
        let salt = UInt16(truncatingIfNeeded: synAck.tcp.sequence)
        let asked = syn.readSYN(by: guess)
        let pretended = SynReading(arrived: asked.arrived, matches: PerCarrier(all: true))
        switch tactic {
        case .recompute: changed.sealSYNACK(answering: pretended, salt: salt, by: guess)
        case .difference:
            let truth = synAck.readSYNACK(answering: syn.carriers, by: guess).status ?? PerCarrier(all: false)
            var old = synAck
            var new = changed
            old.sealSYNACK(answering: SynReading(arrived: asked.arrived, matches: truth), salt: salt, by: guess)
            new.sealSYNACK(answering: pretended, salt: salt, by: guess)
            changed.setCarriers(Self.mended(synAck.carriers, old.carriers, new.carriers), salt: salt)
        case .replay:
            let carriers = (seen ?? synAck).carriers
            changed.setCarriers(carriers.map { $0 | 0xf000 }, salt: salt)
        }
        return changed
    }

    private static func mended(
        _ sent: PerCarrier<UInt16>, _ old: PerCarrier<UInt16>, _ new: PerCarrier<UInt16>
    ) -> PerCarrier<UInt16> {
        PerCarrier(
            sent.isn ^ old.isn ^ new.isn, sent.ipid ^ old.ipid ^ new.ipid, sent.window ^ old.window ^ new.window)
    }
}

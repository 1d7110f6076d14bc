/// The two ends' views of one packet, laid side by side: what the in-band fragments only hint at, where both headers
/// are known (in the
/// simulator, and where the orchestrator controls both ends). Written apart from ``FragmentInput``, so that each checks
/// the other.
package struct HeaderComparison: Hashable, Sendable {
    /// Types of which at least one field differs.
    package let changed: Set<Coverage>
    /// Carriers whose 16 bits differ.
    package let overwritten: Set<Carrier>

    /// - Parameters:
    ///   - sent: as it left one end.
    ///   - received: as it reached the other.
    package init(sent: HandshakePacket, received: HandshakePacket) {
        var changed: Set<Coverage> = []
        let old = sent.tcp
        let new = received.tcp
        var safe = old.reservedBits != new.reservedBits
        var flags = old.flags.subtracting(.ecn) != new.flags.subtracting(.ecn)
        var options = old.options != new.options
        var nat = old.sourcePort != new.sourcePort || old.destinationPort != new.destinationPort
        switch (sent.ip, received.ip) {
        case (.v4(let before), .v4(let after)):
            safe = safe || before.reservedBit != after.reservedBit
            flags = flags || before.dontFragment != after.dontFragment
            options = options || before.options != after.options
            nat = nat || before.source != after.source || before.destination != after.destination
        case (.v6(let before), .v6(let after)):
            nat = nat || before.source != after.source || before.destination != after.destination
        default:
            safe = true
            nat = true
        }
        // A router may set CE on a packet that was sent as ECT(0) or ECT(1).
        let marked = received.ip.ecn == .ce && sent.ip.ecn != .notECT
        if sent.ip.ecn != received.ip.ecn, !marked { changed.insert(.ecnIP) }
        if old.flags.intersection(.ecn) != new.flags.intersection(.ecn) { changed.insert(.ecnTCP) }
        let lengths = [\HandshakePacket.ipHeaderBytes, \.tcpHeaderBytes, \.lengthField]
        if lengths.contains(where: { sent[keyPath: $0] != received[keyPath: $0] }) { changed.insert(.lengths) }
        if safe { changed.insert(.safe) }
        let isUrgentChanged = old.urgentPointer != new.urgentPointer

        for (coverage, kind) in Self.kinds where old.options.all(kind) != new.options.all(kind) {
            changed.insert(coverage)
        }
        let sack = TCPOption.sackPermittedKind
        let header = !changed.isDisjoint(with: [.ecnIP, .ecnTCP, .lengths, .safe]) || flags || isUrgentChanged
        if flags || old.options.all(sack) != new.options.all(sack) { changed.insert(.flags) }
        if header { changed.insert(.noOptions) }
        if options { changed.insert(.onlyOptions) }
        if header || options { changed.formUnion([.noNAT, .full]) }
        if nat { changed.formUnion([.nat, .full]) }
        self.changed = changed
        overwritten = Set(Carrier.allCases.filter { sent.carriers[$0] != received.carriers[$0] })
    }

    private static let kinds: [(Coverage, UInt8)] = [
        (.mss, 2), (.windowScale, 3), (.timestamp, 8), (.multipath, 30), (.experimental, 99),
    ]
}

extension OptionBlock {
    /// The bytes of every option of `kind`.
    fileprivate func all(_ kind: UInt8) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var at = 0
        while let place = place(from: at) {
            if place.kind == kind { found.append((place.offset..<place.offset + place.length).map { self[$0] }) }
            at = place.offset + place.length
        }
        return found
    }
}

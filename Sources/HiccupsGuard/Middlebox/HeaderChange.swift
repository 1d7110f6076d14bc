/// What the seed's middlebox simulator does to handshake packets: the rows of table 7.6, in their order.
package enum HeaderChange: Int, Hashable, Sendable, CaseIterable {
    case ectCleared = 1
    /// One of CE's two bits, so that it reads ECT(0) or ECT(1).
    case ceDegraded
    case dontFragmentFlipped
    case ecnFlagsCleared
    case ecnFlagsFlipped
    case identificationZeroed
    /// Consistently: the numbers that come back are translated too.
    case isnTranslated
    case mssAdded
    case mssLowered
    case windowScaleAdded
    case windowScaleReplaced
    case reservedBitsSet
    case windowOffset

    /// What the two window scale rows write (table 7.6).
    package static let windowScale: UInt8 = 7
}

/// The values that a middlebox applies, drawn once for each.
package struct ChangeParameters: Hashable, Sendable {
    /// Added to every sequence number that goes forward; never 0.
    package var forwardISNOffset: UInt32
    package var reverseISNOffset: UInt32
    /// Bytes, 1 to 1460, for packets that have no MSS.
    package var mssAdded: UInt16
    /// Bytes; a larger MSS is lowered to it.
    package var mssMost: UInt16
    /// Added to the window; never 0.
    package var windowOffset: UInt16
    /// CE loses its low bit, else its high one.
    package var ceBecomesECT0: Bool

    package init(using random: inout some RandomNumberGenerator) {
        forwardISNOffset = .random(in: 1...UInt32.max, using: &random)
        reverseISNOffset = .random(in: 1...UInt32.max, using: &random)
        mssAdded = .random(in: 1...1460, using: &random)
        mssMost = .random(in: 536...1380, using: &random)
        windowOffset = .random(in: 1...UInt16.max, using: &random)
        ceBecomesECT0 = .random(using: &random)
    }
}

extension HandshakePacket {
    /// This packet after `change`; the same packet where the change finds nothing to act on.
    package func changed(by change: HeaderChange, _ parameters: ChangeParameters, _ direction: Direction)
        -> HandshakePacket
    {
        var packet = self
        switch change {
        case .ectCleared: if packet.ip.ecn == .ect0 || packet.ip.ecn == .ect1 { packet.ip.ecn = .notECT }
        case .ceDegraded: if packet.ip.ecn == .ce { packet.ip.ecn = parameters.ceBecomesECT0 ? .ect0 : .ect1 }
        case .dontFragmentFlipped:
            if case .v4(var header) = packet.ip {
                header.dontFragment.toggle()
                packet.ip = .v4(header)
            }
        case .ecnFlagsCleared: packet.tcp.flags.subtract([.ece, .cwr])
        case .ecnFlagsFlipped: packet.tcp.flags.formSymmetricDifference([.ece, .cwr])
        case .identificationZeroed:
            switch packet.ip {
            case .v4: packet.ip.identification = 0
            case .v6(var header):
                header.flowLabel = 0
                packet.ip = .v6(header)
            }
        case .isnTranslated:
            packet.tcp.sequence &+= direction == .forward ? parameters.forwardISNOffset : parameters.reverseISNOffset
        case .mssAdded:
            if !packet.tcp.options.contains(TCPOption.maximumSegmentSizeKind) {
                _ = packet.tcp.options.append(.maximumSegmentSize(parameters.mssAdded))
            }
        case .mssLowered:
            if let size = packet.tcp.options.maximumSegmentSize, size > parameters.mssMost,
                let place = packet.tcp.options.first(TCPOption.maximumSegmentSizeKind)
            {
                packet.tcp.options.set(place, byte: 2, to: UInt8(parameters.mssMost >> 8))
                packet.tcp.options.set(place, byte: 3, to: UInt8(truncatingIfNeeded: parameters.mssMost))
            }
        case .windowScaleAdded:
            if !packet.tcp.options.contains(TCPOption.windowScaleKind) {
                _ = packet.tcp.options.append(.windowScale(HeaderChange.windowScale))
            }
        case .windowScaleReplaced:
            if packet.tcp.options.windowScale != nil, let place = packet.tcp.options.first(TCPOption.windowScaleKind) {
                packet.tcp.options.set(place, byte: 2, to: HeaderChange.windowScale)
            }
        case .reservedBitsSet:
            packet.tcp.reservedBits = 7
            if case .v4(var header) = packet.ip {
                header.reservedBit = true
                packet.ip = .v4(header)
            }
        case .windowOffset: packet.tcp.window &+= parameters.windowOffset
        }
        return packet
    }
}

/// The functions f1, f2, f3 (seed 5.3), each 12 bits wide.
package enum FragmentFunctions: Hashable, Sendable {
    /// Public, as in the seed: f1 is CRC-32, f2 and f3 are MurmurHash3 with two seeds, their low 12 bits.
    case plain
    /// The three are cut from one keyed hash.
    ///
    /// The exchange number is hashed too, so that fragments seen once serve nobody later. Both ends agree on it outside
    /// of the packet
    /// (the probe's number over the control channel, or a time slot, of which a responder tries the neighbours); it
    /// cannot travel
    /// in the packet, since whatever carries it may be translated. A SYN-ACK's status bits are hashed as well: a
    /// middlebox that
    /// changes the SYN would otherwise only have to correct them.
    case keyed(PathKey, exchange: UInt64)
    /// Plain, with the application data's digest in the input. For SYNs only.
    case appSalted(AppSalt)

    static let secondSeed: UInt32 = 0x4849_4343
    static let thirdSeed: UInt32 = 0x5550_5321

    /// - Parameter status: a SYN-ACK's upper nibble; nil for a SYN.
    func fragments(of input: FragmentInput, status: UInt8? = nil) -> PerCarrier<UInt16> {
        switch self {
        case .plain: return Self.plainFragments(input)
        case .appSalted(let salt):
            var input = input
            input.append(salt.digest)
            return Self.plainFragments(input)
        case .keyed(let key, let exchange):
            var input = input
            if let status { input.append(status) }
            input.append(exchange)
            let hash = SipHash.hash(input.bytes.span.extracting(0..<input.count), key: key)
            return PerCarrier(
                UInt16(truncatingIfNeeded: hash) & 0xfff, UInt16(truncatingIfNeeded: hash >> 12) & 0xfff,
                UInt16(truncatingIfNeeded: hash >> 24) & 0xfff)
        }
    }

    private static func plainFragments(_ input: FragmentInput) -> PerCarrier<UInt16> {
        let bytes = input.bytes.span.extracting(0..<input.count)
        return PerCarrier(
            UInt16(truncatingIfNeeded: CRC32.hash(bytes)) & 0xfff,
            UInt16(truncatingIfNeeded: Murmur3.hash(bytes, seed: secondSeed)) & 0xfff,
            UInt16(truncatingIfNeeded: Murmur3.hash(bytes, seed: thirdSeed)) & 0xfff)
    }

    /// What the types' nibbles of a SYN are masked with.
    var nibbleMasks: PerCarrier<UInt16> {
        guard case .appSalted(let salt) = self else { return PerCarrier(all: 0) }
        return PerCarrier(salt.nibbleMask(.isn), salt.nibbleMask(.ipid), salt.nibbleMask(.window))
    }

    /// Whether status bits count only where a fragment vouches for them.
    var protectsStatus: Bool {
        if case .keyed = self { true } else { false }
    }
}

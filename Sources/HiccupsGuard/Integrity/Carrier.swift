/// One of the three 16-bit places in which integrity travels (seed 5.2).
package enum Carrier: Int, Hashable, Sendable, CaseIterable {
    /// The upper half of the initial sequence number, xor its lower half, the salt.
    case isn
    /// The IPID; in IPv6 the low 16 bits of the flow label.
    case ipid
    case window
}

/// Three values, one for each carrier.
package struct PerCarrier<Value: Sendable>: Sendable {
    package var isn: Value
    package var ipid: Value
    package var window: Value

    package init(_ isn: Value, _ ipid: Value, _ window: Value) {
        self.isn = isn
        self.ipid = ipid
        self.window = window
    }

    package init(all value: Value) { self.init(value, value, value) }

    package subscript(carrier: Carrier) -> Value {
        get {
            switch carrier {
            case .isn: isn
            case .ipid: ipid
            case .window: window
            }
        }
        set {
            switch carrier {
            case .isn: isn = newValue
            case .ipid: ipid = newValue
            case .window: window = newValue
            }
        }
    }

    package func map<Other: Sendable>(_ transform: (Value) -> Other) -> PerCarrier<Other> {
        PerCarrier<Other>(transform(isn), transform(ipid), transform(window))
    }

    /// For how many of the three `condition` holds.
    package func count(_ condition: (Value) -> Bool) -> Int {
        (condition(isn) ? 1 : 0) + (condition(ipid) ? 1 : 0) + (condition(window) ? 1 : 0)
    }
}

extension PerCarrier: Equatable where Value: Equatable {
    /// The value that at least two of the three hold: the majority rule of seed 5.5.
    package var majority: Value? {
        if isn == ipid || isn == window { return isn }
        return ipid == window ? ipid : nil
    }

    /// All three the same.
    package var isUniform: Bool { isn == ipid && ipid == window }

    /// No two the same.
    package var isDistinct: Bool { isn != ipid && isn != window && ipid != window }
}

extension PerCarrier: Hashable where Value: Hashable {}

extension HandshakePacket {
    /// The three carriers as they stand, the salt taken off the first.
    package var carriers: PerCarrier<UInt16> {
        PerCarrier(
            UInt16(truncatingIfNeeded: tcp.sequence >> 16) ^ UInt16(truncatingIfNeeded: tcp.sequence),
            ip.identification, tcp.window)
    }

    /// Writes the carriers. `ISN = ((A_1 xor salt) << 16) | salt`.
    ///
    /// - Parameter salt: 16 random bits, new for every connection: they are what keeps the ISN from being guessed.
    package mutating func setCarriers(_ carriers: PerCarrier<UInt16>, salt: UInt16) {
        tcp.sequence = UInt32(carriers.isn ^ salt) << 16 | UInt32(salt)
        ip.identification = carriers.ipid
        tcp.window = carriers.window
    }
}

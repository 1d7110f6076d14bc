/// One TCP option of a handshake, by its meaning.
package enum TCPOption: Hashable, Sendable {
    /// Bytes, RFC 9293 section 3.7.1.
    case maximumSegmentSize(UInt16)
    /// Shift count, RFC 7323 section 2.2.
    case windowScale(UInt8)
    /// RFC 2018.
    case sackPermitted
    /// RFC 7323 section 3.2.
    case timestamp(value: UInt32, echo: UInt32)
    /// RFC 8684: what follows kind and length, unread.
    case multipath([UInt8])
    /// RFC 7413; an empty cookie asks for one.
    case fastOpen(cookie: [UInt8])
    case noOperation
    /// Any other kind, or a known kind of an unknown length: what follows kind and length.
    case other(kind: UInt8, [UInt8])

    package static let endOfListKind: UInt8 = 0
    package static let noOperationKind: UInt8 = 1
    package static let maximumSegmentSizeKind: UInt8 = 2
    package static let windowScaleKind: UInt8 = 3
    package static let sackPermittedKind: UInt8 = 4
    package static let timestampKind: UInt8 = 8
    package static let multipathKind: UInt8 = 30
    package static let fastOpenKind: UInt8 = 34
    /// The kind that nobody has, by which the seed tests what becomes of unknown options (Table 5.4, HEXOPT).
    package static let unusedKind: UInt8 = 99

    package init(_ block: OptionBlock, _ place: OptionBlock.Place) {
        let rest = (place.offset + 2..<place.offset + place.length).map { block[$0] }
        func word(_ at: Int) -> UInt32 { rest[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        switch (place.kind, place.length) {
        case (Self.maximumSegmentSizeKind, 4): self = .maximumSegmentSize(UInt16(rest[0]) << 8 | UInt16(rest[1]))
        case (Self.windowScaleKind, 3): self = .windowScale(rest[0])
        case (Self.sackPermittedKind, 2): self = .sackPermitted
        case (Self.timestampKind, 10): self = .timestamp(value: word(0), echo: word(4))
        case (Self.multipathKind, _): self = .multipath(rest)
        case (Self.fastOpenKind, _): self = .fastOpen(cookie: rest)
        default: self = .other(kind: place.kind, rest)
        }
    }

    /// As on the wire. A payload beyond 253 bytes, which no length byte can say, is cut; it fits no header anyway.
    package var bytes: [UInt8] {
        func framed(_ kind: UInt8, _ rest: [UInt8]) -> [UInt8] {
            let fitting = rest.prefix(253)
            return [kind, UInt8(fitting.count + 2)] + fitting
        }
        func big(_ word: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } }
        switch self {
        case .maximumSegmentSize(let size):
            return [Self.maximumSegmentSizeKind, 4, UInt8(size >> 8), UInt8(truncatingIfNeeded: size)]
        case .windowScale(let shift): return [Self.windowScaleKind, 3, shift]
        case .sackPermitted: return [Self.sackPermittedKind, 2]
        case .timestamp(let value, let echo): return [Self.timestampKind, 10] + big(value) + big(echo)
        case .multipath(let rest): return framed(Self.multipathKind, rest)
        case .fastOpen(let cookie): return framed(Self.fastOpenKind, cookie)
        case .noOperation: return [Self.noOperationKind]
        case .other(let kind, let rest): return framed(kind, rest)
        }
    }
}

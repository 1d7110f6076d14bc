/// The options of an IPv4 or a TCP header, raw and in order: at most 40 bytes, a multiple of 4, held in place.
///
/// Raw, since integrity covers what is on the wire: an option that was replaced by padding, or moved, is a change too.
package struct OptionBlock: Sendable {
    /// What a header length of four bits leaves beside the 20 fixed bytes.
    package static let bytesMax = 40

    private var storage = InlineArray<40, UInt8>(repeating: 0)
    /// Bytes in use, 0 to 40, a multiple of 4.
    package private(set) var count = 0

    package init() {}

    /// Takes `range` of `bytes`; a length that is no multiple of 4 is padded with zeros.
    /// - Throws: ``PacketError/optionsTooLong(bytes:most:)``.
    package init(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(PacketError) {
        guard range.count <= Self.bytesMax else {
            throw .optionsTooLong(bytes: range.count, most: Self.bytesMax)
        }
        for (to, from) in range.enumerated() { storage[to] = bytes[from] }
        count = (range.count + 3) & ~3
    }

    /// Writes `options` one after the other and pads with end-of-list bytes.
    /// - Throws: ``PacketError/optionsTooLong(bytes:most:)``.
    package init(_ options: [TCPOption]) throws(PacketError) {
        let bytes = options.flatMap(\.bytes)
        try self.init(bytes.span, 0..<bytes.count)
    }

    package subscript(index: Int) -> UInt8 { storage[index] }

    package var bytes: [UInt8] { (0..<count).map { storage[$0] } }

    /// Where one option lies: `offset` is that of its kind, `length` counts kind and length bytes too (RFC 9293 section
    /// 3.1).
    package struct Place: Hashable, Sendable {
        package let kind: UInt8
        package let offset: Int
        package let length: Int
    }

    /// The option at or behind `offset`, padding skipped.
    /// - Returns: nil at the end of the list, and at an option whose length is below 2 or leads out of the block: what
    ///   follows such an option cannot be told, and a receiver stops there too.
    package func place(from offset: Int) -> Place? {
        var at = offset
        while at < count {
            switch storage[at] {
            case TCPOption.endOfListKind: return nil
            case TCPOption.noOperationKind: at += 1
            default:
                guard at + 1 < count, storage[at + 1] >= 2, at + Int(storage[at + 1]) <= count else { return nil }
                return Place(kind: storage[at], offset: at, length: Int(storage[at + 1]))
            }
        }
        return nil
    }

    /// The first option of `kind`.
    package func first(_ kind: UInt8) -> Place? {
        var at = 0
        while let place = place(from: at) {
            if place.kind == kind { return place }
            at = place.offset + place.length
        }
        return nil
    }

    /// The options that can be read, typed.
    package var options: [TCPOption] {
        var found: [TCPOption] = []
        var at = 0
        while let place = place(from: at) {
            found.append(TCPOption(self, place))
            at = place.offset + place.length
        }
        return found
    }

    /// The MSS that is announced, in bytes; nil without one.
    package var maximumSegmentSize: UInt16? {
        guard let place = first(TCPOption.maximumSegmentSizeKind), place.length == 4 else { return nil }
        return UInt16(storage[place.offset + 2]) << 8 | UInt16(storage[place.offset + 3])
    }

    /// The window scale shift; nil without one.
    package var windowScale: UInt8? {
        guard let place = first(TCPOption.windowScaleKind), place.length == 3 else { return nil }
        return storage[place.offset + 2]
    }

    package func contains(_ kind: UInt8) -> Bool { first(kind) != nil }

    /// Overwrites byte `index` of the option at `place`, as a middlebox does; out of the option, nothing happens.
    package mutating func set(_ place: Place, byte index: Int, to value: UInt8) {
        guard (2..<place.length).contains(index), place.offset + index < count else { return }
        storage[place.offset + index] = value
    }

    /// Replaces the option at `place` by no-operations, which keeps every length: what stripping middleboxes do.
    package mutating func blank(_ place: Place) {
        for at in place.offset..<min(count, place.offset + place.length) { storage[at] = TCPOption.noOperationKind }
    }

    /// Puts `option` behind the last option, over padding where there is some.
    /// - Returns: false, and nothing changed, where it does not fit.
    package mutating func append(_ option: TCPOption) -> Bool {
        var end = 0
        while let place = place(from: end) { end = place.offset + place.length }
        while end < count, storage[end] == TCPOption.noOperationKind { end += 1 }
        // Behind the readable options only padding may be overwritten, never a malformed rest.
        guard (end..<count).allSatisfy({ storage[$0] == TCPOption.endOfListKind }) else { return false }
        let bytes = option.bytes
        guard end + bytes.count <= Self.bytesMax else { return false }
        for (index, byte) in bytes.enumerated() { storage[end + index] = byte }
        count = max(count, (end + bytes.count + 3) & ~3)
        return true
    }
}

extension OptionBlock: Hashable {
    package static func == (left: OptionBlock, right: OptionBlock) -> Bool {
        guard left.count == right.count else { return false }
        for at in 0..<left.count where left.storage[at] != right.storage[at] { return false }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for at in 0..<count { hasher.combine(storage[at]) }
    }
}

import CL45Core
import Foundation
import L45Model

/// decode(encode(m)) = m, by the engine that ships, on lengths at every boundary and at random.
struct RoundTripProof {
    /// The longest message that is tried: one more than UDP's length field can say.
    static let messageBytesMax = 65_536
    private static let randomLengths = 12

    /// What is tried, and how many messages came back.
    struct Outcome: Hashable {
        var messages = 0
        /// The first that did not: `1433 bytes, as request: the engine refused it (-74)`.
        var failure: String?
    }

    private let codec: ProofCodec
    private let dialect: Dialect
    private let directions: [l45_direction]
    private var random: SeededRandom
    private let pool: [UInt8]

    /// - Parameter pool: random bytes, longer than any message.
    static func run(
        _ codec: ProofCodec, _ dialect: Dialect, _ directions: [l45_direction], mtuBytes: Int, seed: UInt64,
        pool: [UInt8]
    ) -> Outcome {
        var proof = RoundTripProof(
            codec: codec, dialect: dialect, directions: directions, random: SeededRandom(seed: seed), pool: pool)
        var outcome = Outcome()
        for direction in directions {
            for bytes in proof.lengths(mtuBytes) {
                let failure: String?
                switch dialect {
                case .monitor: return outcome
                case .datagram: failure = proof.datagram(bytes, direction)
                case .stream: failure = proof.stream(bytes, direction)
                }
                outcome.messages += 1
                guard let failure else { continue }
                let way = direction == L45_REQUEST ? "request" : "response"
                outcome.failure = "a message of \(bytes) bytes, as \(way): \(failure)"
                return outcome
            }
        }
        return outcome
    }

    /// Random bytes, the same for every run.
    static func pool(for dialects: some Sequence<Dialect>) -> [UInt8] {
        let longest =
            dialects.map { dialect in
                if case .stream(let tag) = dialect { tag.frameBytes + 2 } else { 0 }
            }.max() ?? 0
        var random = SeededRandom(seed: 0x4c34_3500)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(max(messageBytesMax, longest) + 64)
        while bytes.count < max(messageBytesMax, longest) + 56 {
            withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    private mutating func lengths(_ mtuBytes: Int) -> [Int] {
        let tag = dialect.tagBytes
        var lengths: Set<Int> = [0, 1, 2, 11, 12, tag, 1232, Self.messageBytesMax, 65_507, 65_507 - tag]
        let cover = Int(L45_COVER_BYTES)
        for near in [cover, mtuBytes - 28 - tag, mtuBytes - 48 - tag, mtuBytes] + edges {
            lengths.formUnion([near - 1, near, near + 1])
        }
        for _ in 0..<Self.randomLengths { lengths.insert(Int.random(in: 0...2048, using: &random)) }
        return lengths.filter { (0...(pool.count - 48)).contains($0) }.sorted()
    }

    /// Lengths of a message at which the dialect itself does something else.
    private var edges: [Int] {
        switch dialect {
        case .datagram(let tag):
            if case .offset(let offset) = tag.place { [offset, offset + tag.tagBytes] } else { [] }
        case .stream(let tag): [tag.frameBytes, min(2 * tag.frameBytes, Self.messageBytesMax)]
        case .monitor: []
        }
    }

    /// Some `count` bytes of the pool.
    private mutating func message(_ count: Int) -> ArraySlice<UInt8> {
        let start = Int.random(in: 0...min(40, pool.count - count), using: &random)
        return pool[start..<(start + count)]
    }

    // MARK: datagrams

    private mutating func datagram(_ count: Int, _ direction: l45_direction) -> String? {
        let plain = isShortDNS ? query(count) ?? message(count) : message(count)
        let other = direction == L45_REQUEST ? L45_RESPONSE : L45_REQUEST
        guard var wire = encode(plain, direction) else { return "the engine did not encode it" }
        guard isShortDNS ? wire.count <= count + dialect.tagBytes + 1 : wire.count == count + dialect.tagBytes else {
            return "\(wire.count) bytes on the wire, not \(count + dialect.tagBytes)"
        }
        if l45_datagram_recognise(codec.pointer, other, wire, wire.count) == 0 {
            return "it is taken for one of the other direction"
        }
        // A message that is itself one of the dialect's is a message like any other.
        if count <= 2048, let twice = encode(wire[...], direction) {
            var inner = twice + Self.room
            let left = l45_datagram_decode(codec.pointer, direction, &inner, twice.count)
            guard left == wire.count, inner.prefix(wire.count).elementsEqual(wire) else {
                return "a tag within a tag does not come back"
            }
        }
        let wireBytes = wire.count
        wire += Self.room
        let left = l45_datagram_decode(codec.pointer, direction, &wire, wireBytes)
        guard left >= 0 else { return "the engine refused it (\(left))" }
        guard left == count, Self.equal(wire, plain) else { return "other bytes came back" }
        return nil
    }

    /// What a decoder may need behind a message.
    private static let room = [UInt8](repeating: 0, count: Int(L45_CODING_SAVES_MAX))

    private var isShortDNS: Bool {
        if case .datagram(let tag) = dialect { tag.coding == .shortDNS } else { false }
    }

    /// A DNS query of so many bytes, one in two with an OPT record; nil: none has so many.
    private mutating func query(_ count: Int) -> ArraySlice<UInt8>? {
        let opt: [UInt8] = Bool.random(using: &random) ? [0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0] : []
        var name = count - 12 - 4 - opt.count - 1
        guard name == 0 || (2...250).contains(name) else { return nil }
        let id = message(2)
        var query = Array(id) + [1, 0x20, 0, 1, 0, 0, 0, 0, 0, opt.isEmpty ? 0 : 1]
        while name > 0 {
            // No label of none is left for the rest.
            let label = name <= 64 ? name - 1 : name == 65 ? 31 : 63
            query.append(UInt8(label))
            query += message(label)
            name -= label + 1
        }
        return (query + [0, 0, UInt8.random(in: 1...64, using: &random), 0, 1] + opt)[...]
    }

    private func encode(_ plain: ArraySlice<UInt8>, _ direction: l45_direction) -> [UInt8]? {
        let room = plain.count + dialect.tagBytes + Int(L45_CODING_ADDS_MAX)
        let wire = [UInt8](unsafeUninitializedCapacity: max(1, room)) { buffer, count in
            let written = plain.withUnsafeBufferPointer { bytes in
                l45_datagram_encode(codec.pointer, direction, bytes.baseAddress, bytes.count, buffer.baseAddress, room)
            }
            count = max(0, written)
        }
        return wire.isEmpty ? nil : wire
    }

    private static func equal(_ wire: [UInt8], _ plain: ArraySlice<UInt8>) -> Bool {
        wire.withUnsafeBytes { a in
            plain.withUnsafeBytes { b in
                guard a.count >= b.count, let left = a.baseAddress, let right = b.baseAddress else { return b.isEmpty }
                return memcmp(left, right, b.count) == 0
            }
        }
    }

    // MARK: streams

    /// The sender writes in pieces, and the wire cuts the stream in others.
    private mutating func stream(_ count: Int, _ direction: l45_direction) -> String? {
        guard count > 0 else { return nil }
        let plain = message(count)
        guard case .stream(let tag) = dialect else { return nil }
        let frames = (count + tag.frameBytes - 1) / tag.frameBytes
        var sender = l45_stream_tx()
        sender.direction = UInt8(direction.rawValue)
        var wire: [UInt8] = []
        wire.reserveCapacity(count + frames * tag.tagBytes)
        var rest = plain
        var piece = [UInt8](repeating: 0, count: 16_384)
        while !rest.isEmpty {
            let room = Int.random(in: 1...piece.count, using: &random)
            var consumed = 0
            let written = rest.withUnsafeBufferPointer { bytes in
                l45_stream_encode(&sender, codec.pointer, bytes.baseAddress, bytes.count, &piece, room, &consumed)
            }
            guard written > 0 else { return "the engine stopped \(rest.count) bytes before the end" }
            wire.append(contentsOf: piece[..<written])
            rest = rest.dropFirst(consumed)
        }
        guard wire.count == count + frames * tag.tagBytes else {
            return "\(wire.count) bytes on the wire, not \(count + frames * tag.tagBytes)"
        }
        return receive(wire, plain, direction)
    }

    private mutating func receive(_ wire: [UInt8], _ plain: ArraySlice<UInt8>, _ direction: l45_direction) -> String? {
        let list: [UnsafePointer<l45_codec>?] = [codec.pointer]
        guard l45_stream_opening(list, 1, direction, wire, wire.count) == L45_OPENING_FRAMED else {
            return "its opening is not recognised"
        }
        var receiver = l45_stream_rx()
        receiver.direction = UInt8(direction.rawValue)
        receiver.mode = UInt8(L45_FRAMED.rawValue)
        var back: [UInt8] = []
        back.reserveCapacity(plain.count)
        var start = 0
        while start < wire.count {
            let end = min(wire.count, start + Int.random(in: 1...16_384, using: &random))
            var piece = Array(wire[start..<end])
            var left = 0
            let result = l45_stream_rx_feed(&receiver, list, 1, &piece, piece.count, &left)
            guard result == 0 else { return "the engine refused it at byte \(start) (\(result))" }
            back.append(contentsOf: piece[..<left])
            start = end
        }
        guard back.count == plain.count, Self.equal(back, plain) else { return "other bytes came back" }
        return nil
    }
}

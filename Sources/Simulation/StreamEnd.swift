import CL45Core
import CL45Tap
import L45Model

/// One end of a connection under a tap: where its two directions stand, and by which codecs.
struct StreamEnd: Sendable {
    let peer: PeerAddress
    let port: UInt16
    /// It accepted the connection.
    let isServer: Bool
    var sender = l45_stream_tx()
    var receiver = l45_stream_rx()
    /// What it speaks from the next frame on; nil: plain.
    var speaks: PreparedCodec?
    var speaksFor: ModuleID?
    /// The module of the last frame begun, either way.
    var spoken: ModuleID?
    var heard: ModuleID?
    /// What it can read, the codec of the last frame among them.
    var reads: [(module: ModuleID, codec: PreparedCodec)] = []
    /// It waits for the first bytes, to answer as it was addressed.
    var answersInKind = false
    /// First bytes that could still be the beginning of a tag.
    var opening: [UInt8] = []
    /// The rules that it has looked at.
    var sequence = 0

    static let codecsMax = Int(L45_CODECS_MAX)

    /// A connection that opens now.
    /// - Parameter rules: of its port, by rank.
    init(peer: PeerAddress, port: UInt16, isServer: Bool, rules: [PreparedRule], sequence: Int) {
        self.peer = peer
        self.port = port
        self.isServer = isServer
        sender.direction = UInt8((isServer ? L45_RESPONSE : L45_REQUEST).rawValue)
        receiver.direction = UInt8((isServer ? L45_REQUEST : L45_RESPONSE).rawValue)
        sender.mode = UInt8(L45_PLAIN.rawValue)
        receiver.mode = UInt8(L45_PLAIN.rawValue)
        look(rules, sequence)
        if let sending = rules.first(where: { $0.maySend(L45_STREAM) && matches($0) }) {
            sender.mode = UInt8(L45_UNDECIDED.rawValue)
            answersInKind = isServer && sending.requests
        }
        if !reads.isEmpty { receiver.mode = UInt8(L45_UNDECIDED.rawValue) }
    }

    var isSending: l45_stream_mode { l45_stream_mode(rawValue: UInt32(sender.mode)) }
    var isReceiving: l45_stream_mode { l45_stream_mode(rawValue: UInt32(receiver.mode)) }

    private func matches(_ rule: PreparedRule) -> Bool { rule.matches(peer, port: port, isServer: isServer) }

    /// The rules have changed: what to speak, and what to read besides what it could read before.
    mutating func look(_ rules: [PreparedRule], _ sequence: Int) {
        self.sequence = sequence
        let sending = rules.first { $0.maySend(L45_STREAM) && matches($0) }
        speaks = sending?.codec
        speaksFor = sending?.module
        let before = reads
        let last = before.indices.contains(Int(receiver.codec)) ? before[Int(receiver.codec)] : nil
        reads = []
        if heard != nil, let last { add(last.module, last.codec) }
        for rule in rules where rule.mayRead(L45_STREAM) && matches(rule) { add(rule.module, rule.codec) }
        for (module, codec) in before { add(module, codec) }
        receiver.codec = 0
    }

    private mutating func add(_ module: ModuleID, _ codec: PreparedCodec) {
        guard reads.count < Self.codecsMax, !reads.contains(where: { $0.codec === codec }) else { return }
        reads.append((module, codec))
    }

    /// What goes on the wire for `plain`, when the system takes it in pieces of at most `room` bytes.
    mutating func write(_ plain: [UInt8], room: Int) -> [UInt8] {
        if answersInKind, isSending == L45_UNDECIDED {
            if isReceiving != L45_FRAMED { sender.mode = UInt8(L45_PLAIN.rawValue) }
            answersInKind = false
        }
        guard isSending != L45_PLAIN else { return plain }
        var wire: [UInt8] = []
        var rest = plain[...]
        var piece = [UInt8](repeating: 0, count: room)
        if let speaksFor { spoken = speaksFor }
        while !rest.isEmpty {
            var consumed = 0
            let written = rest.withUnsafeBufferPointer { bytes in
                l45_stream_encode(&sender, speaks?.pointer, bytes.baseAddress, bytes.count, &piece, room, &consumed)
            }
            guard written > 0 else { break }
            wire += piece.prefix(written)
            rest = rest.dropFirst(consumed)
        }
        return wire
    }

    /// - Returns: what the program is given; nil: the bytes are in no dialect that this end knows.
    mutating func read(_ wire: [UInt8]) -> [UInt8]? {
        var bytes = opening + wire
        opening = []
        let list: [UnsafePointer<l45_codec>?] = reads.map(\.codec.pointer)
        if isReceiving == L45_UNDECIDED {
            let direction = l45_direction(rawValue: UInt32(receiver.direction))
            switch l45_stream_opening(list, list.count, direction, bytes, bytes.count) {
            case L45_OPENING_MORE:
                opening = bytes
                return []
            case L45_OPENING_FRAMED: receiver.mode = UInt8(L45_FRAMED.rawValue)
            default: receiver.mode = UInt8(L45_PLAIN.rawValue)
            }
        }
        guard isReceiving == L45_FRAMED else { return bytes }
        var plain = 0
        let result = l45_stream_rx_feed(&receiver, list, list.count, &bytes, bytes.count, &plain)
        guard result == 0 else { return nil }
        if reads.indices.contains(Int(receiver.codec)) { heard = reads[Int(receiver.codec)].module }
        return Array(bytes.prefix(plain))
    }
}

import CL45Core

/// A sender and the wire behind it.
struct Sender {
    var state = l45_stream_tx()
    var wire: [UInt8] = []
    /// Plain bytes that the application was told are sent.
    var told = 0

    init(_ direction: l45_direction = L45_REQUEST) { state.direction = UInt8(direction.rawValue) }

    /// One non-blocking write of `plain` of which the kernel takes `accepted` wire bytes (nil: all): lay it out from a
    /// copy of the state, commit what was taken.
    /// - Returns: the plain bytes told.
    @discardableResult
    mutating func write(_ plain: ArraySlice<UInt8>, _ codec: Codec?, accepted: ((Int) -> Int)? = nil) -> Int {
        var trial = state
        var laidOut: [UInt8] = []
        var rest = plain
        var segment = l45_segment()
        while !rest.isEmpty {
            l45_stream_tx_next(&trial, codec?.pointer, UInt64(rest.count), &segment)
            let count = Int(segment.bytes)
            guard count > 0 else { break }
            if segment.is_tag == 1 {
                laidOut += withUnsafeBytes(of: segment.tag) { Array($0.prefix(count)) }
            } else {
                laidOut += rest.prefix(count)
                rest = rest.dropFirst(count)
            }
        }
        let taken = accepted?(laidOut.count) ?? laidOut.count
        wire += laidOut.prefix(taken)
        let count = Int(l45_stream_tx_accept(&state, codec?.pointer, UInt64(plain.count), UInt64(taken)))
        told += count
        return count
    }

    /// The same by the copying form, into room for `capacity` bytes.
    @discardableResult
    mutating func copy(_ plain: ArraySlice<UInt8>, _ codec: Codec?, capacity: Int) -> Int {
        var out = [UInt8](repeating: 0, count: capacity)
        var consumed = 0
        let written = l45_stream_encode(
            &state, codec?.pointer, Array(plain), plain.count, &out, capacity, &consumed)
        wire += out.prefix(written)
        told += consumed
        return consumed
    }
}

/// A receiver and what it has delivered.
struct Receiver {
    var state = l45_stream_rx()
    var plain: [UInt8] = []
    /// Keeps the pointers of `list` alive.
    private let codecs: [Codec]
    private let list: [UnsafePointer<l45_codec>?]

    init(_ codecs: [Codec], _ direction: l45_direction = L45_REQUEST) {
        self.codecs = codecs
        list = codecs.map(\.pointer)
        state.direction = UInt8(direction.rawValue)
    }

    var mode: l45_stream_mode {
        get { l45_stream_mode(rawValue: UInt32(state.mode)) }
        set { state.mode = UInt8(newValue.rawValue) }
    }

    /// Looks at the first bytes and settles the mode when they tell.
    @discardableResult
    mutating func open(_ first: some Sequence<UInt8>) -> l45_opening {
        let bytes = Array(first)
        let direction = l45_direction(rawValue: UInt32(state.direction))
        let opening = l45_stream_opening(list, list.count, direction, bytes, bytes.count)
        if opening == L45_OPENING_FRAMED { mode = L45_FRAMED }
        if opening == L45_OPENING_PLAIN { mode = L45_PLAIN }
        return opening
    }

    /// - Returns: 0 or -EBADMSG.
    mutating func feed(_ wire: some Sequence<UInt8>) -> Int32 {
        var bytes = Array(wire)
        var count = 0
        let result = l45_stream_rx_feed(&state, list, list.count, &bytes, bytes.count, &count)
        plain += bytes.prefix(count)
        return result
    }

    /// The same by the scattering calls.
    mutating func scatter(_ wire: some Sequence<UInt8>) -> Int32 {
        var rest = Array(wire)[...]
        while !rest.isEmpty {
            let expect = expect()
            let piece = Array(rest.prefix(Int(expect.bytes)))
            rest = rest.dropFirst(piece.count)
            if expect.is_tag == 1 {
                let result = l45_stream_rx_tag(&state, list, list.count, piece, UInt32(piece.count))
                guard result == 0 else { return result }
            } else {
                plain += piece
                l45_stream_rx_plain(&state, UInt64(piece.count))
            }
        }
        return 0
    }

    func expect() -> l45_expect {
        var state = state
        var expect = l45_expect()
        l45_stream_rx_expect(&state, list, list.count, &expect)
        return expect
    }

    func wireBytes(for plainBytes: UInt64) -> UInt64 {
        var state = state
        return l45_stream_rx_wire_bytes(&state, list, list.count, plainBytes)
    }
}

extension l45_stream_tx {
    /// Its bytes, to compare two.
    var image: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}

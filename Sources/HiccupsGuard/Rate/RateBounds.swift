/// A test transfer: how long it may take and how much it may move. Both ends keep to it.
///
/// One ordinary TCP connection of the kernel, so that gates and the path treat it as any other. The far end says `go` when it
/// begins to read, the near end sends for ``span``, then the far end sends for as long.
enum RateBounds {
    /// For each direction, in milliseconds.
    static let spanMilliseconds = 400
    /// For each direction. At 10 Gbit/s the span is full before.
    static let bytesMax = 256 << 20
    /// A SYN and two more of them (RFC 6298: after 1 s, then after 2 s).
    static let connectMilliseconds = 3500
    /// The whole of one transfer, connecting included.
    static let wholeMilliseconds = 6000
    static let go = UInt8(ascii: "g")
    static let blockBytes = 256 << 10
}

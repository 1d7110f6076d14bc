/// Why a frame can not be read or made.
package enum FrameError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Its payload has `bytes` bytes where `bytesMax` are allowed.
    case tooLong(bytes: Int, bytesMax: Int)
    /// The peer closed in the middle of a frame: `bytes` of it had come, `bytesWanted` were announced (nil: not even
    /// the length was whole).
    case truncated(bytes: Int, bytesWanted: Int?)

    package var description: String {
        switch self {
        case .tooLong(let bytes, let bytesMax):
            "a frame of \(bytes) bytes is over the limit of \(bytesMax); "
                + "send less in one message, or check that both ends speak this protocol"
        case .truncated(let bytes, let wanted?):
            "the connection ended inside a frame: \(bytes) of its \(wanted) bytes had come"
        case .truncated(let bytes, nil):
            "the connection ended inside a frame's length: \(bytes) of 4 bytes had come"
        }
    }
}

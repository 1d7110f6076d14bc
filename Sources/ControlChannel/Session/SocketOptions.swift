import Glibc
import L45Model
import NIOCore

/// Options of the sockets at both ends.
enum SocketOptions {
    /// The kernel takes no more unsent bytes than this (Linux `TCP_NOTSENT_LOWAT`): a message waits behind at most that
    /// much of a file, whatever the size of the socket's buffer.
    static let unsentBytesMax: ChannelOptions.Types.SocketOption.Value = 128 << 10
    static let notSentLowWater = ChannelOptions.Types.SocketOption(
        level: .tcp, name: NIOBSDSocket.Option(rawValue: 25))
    static let noDelay = ChannelOptions.Types.SocketOption(level: .tcp, name: .tcp_nodelay)

    /// Small at first: a connection is silent nearly always.
    static let receiveBuffers = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 64 << 10)
    static let writeWaterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 32 << 10, high: 64 << 10)
}

/// How many files, and so connections, the process may have open.
enum FileDescriptorLimit {
    /// Raises the soft limit to the hard one.
    /// - Returns: the limit in force afterwards; nil when it can not be told.
    @discardableResult
    static func raise() -> UInt64? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        return setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
            ? UInt64(limit.rlim_cur) : UInt64(before)
    }
}

extension Span {
    var timeAmount: TimeAmount { .milliseconds(milliseconds) }
}

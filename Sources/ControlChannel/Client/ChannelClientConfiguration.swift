package import L45Model
package import NIOCore

/// Where an agent connects to, and as whom.
package struct ChannelClientConfiguration: Sendable {
    package var host: String
    package var port: Int
    package var identity: DeviceIdentity
    /// One that was kept and not yet used: tried first.
    package var renewed: DeviceIdentity?
    /// Each end says something at least this often.
    package var heartbeatEvery: Span
    /// A peer that says nothing for this long is gone. At least twice `heartbeatEvery`.
    package var silenceMax: Span
    /// TCP, TLS and hello take at most this long.
    package var greetingMax: Span
    package var reconnect: ReconnectDelay
    /// A connection that held this long counts as a success: the next delay starts small again.
    package var stableAfter: Span
    /// Bytes that may wait for the orchestrator; beyond, the connection is taken to be dead.
    package var outboundBytesMax: Int
    /// Messages that may wait to be taken from `events`; then the socket is left unread.
    package var inboundMessagesMax: Int
    package var protocols: ClosedRange<UInt32>
    package var now: @Sendable () -> Timestamp
    package var group: (any EventLoopGroup)?
    /// Keeps a step of the identity where a crash can not take it, before the next thing is done. Called on an event loop, a
    /// few times in the life of a certificate. What it throws leaves things as they were.
    package var keep: @Sendable (IdentityStep) throws -> Void
    /// Asked at each connection.
    package var hello: @Sendable () -> AgentHello

    package init(
        host: String, port: Int, identity: DeviceIdentity, renewed: DeviceIdentity? = nil,
        heartbeatEvery: Span = .seconds(15),
        silenceMax: Span = .seconds(45), greetingMax: Span = .seconds(20), reconnect: ReconnectDelay = ReconnectDelay(),
        stableAfter: Span = .seconds(60), outboundBytesMax: Int = 8 << 20, inboundMessagesMax: Int = 64,
        protocols: ClosedRange<UInt32> = ChannelProtocol.versions,
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }, group: (any EventLoopGroup)? = nil,
        keep: @escaping @Sendable (IdentityStep) throws -> Void = { _ in },
        hello: @escaping @Sendable () -> AgentHello
    ) {
        self.host = host
        self.port = port
        self.identity = identity
        self.renewed = renewed
        self.keep = keep
        self.heartbeatEvery = heartbeatEvery
        self.silenceMax = silenceMax
        self.greetingMax = greetingMax
        self.reconnect = reconnect
        self.stableAfter = stableAfter
        self.outboundBytesMax = outboundBytesMax
        self.inboundMessagesMax = inboundMessagesMax
        self.protocols = protocols
        self.now = now
        self.group = group
        self.hello = hello
    }
}

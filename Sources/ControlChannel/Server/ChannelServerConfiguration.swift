package import L45Model
package import NIOCore

/// How a server listens, and whom it asks. What has no default is asked for at each start.
package struct ChannelServerConfiguration: Sendable {
    package var host: String
    /// 0: any free one.
    package var port: Int
    package var identity: OrchestratorIdentity
    /// Whose certificates devices may show; empty: of the identity's own authority.
    package var anchors: [TrustAnchor]
    /// Each end says something at least this often.
    package var heartbeatEvery: Span
    /// A peer that says nothing for this long is gone. At least twice `heartbeatEvery`.
    package var silenceMax: Span
    /// TLS and hello, or TLS and enrolment, take at most this long.
    package var greetingMax: Span
    /// A connection whose first byte takes longer is closed.
    package var silentMax: Span
    /// From a frame's first byte to its last.
    package var frameMax: Span
    /// How long a session is waited for to say that it lives, when its device connects a second time.
    package var rivalMax: Span
    /// Connections that have not yet said who they are; see `WaitingRoom`.
    package var waitingMax: Int
    /// The same, from one address (of IPv6, from one /64).
    package var waitingPerAddressMax: Int
    /// Bytes that may wait for one device; one that reads more slowly is cut off.
    package var outboundBytesMax: Int
    /// Messages of one session that may wait to be taken from `events`; then its socket is left unread.
    package var inboundMessagesMax: Int
    /// Versions of the protocol spoken here.
    package var protocols: ClosedRange<UInt32>
    /// The clock that certificates are checked by.
    package var now: @Sendable () -> Timestamp
    /// Event loops to run on; nil: the process's own.
    package var group: (any EventLoopGroup)?
    /// Decides on a token. A token is for one device; the same device asking again with the same key is a retry.
    package var enrol: @Sendable (EnrolmentRequest) async -> Result<EnrolmentGrant, EnrolmentRefusal>
    /// Gives a device that is connected and allowed its next certificate, for a key of its choice:
    /// `authority.grant(request, for: device, now: now)`.
    package var renew: @Sendable (DeviceID, SigningRequest) async -> Result<EnrolmentGrant, EnrolmentRefusal>
    /// Asked at each hello and each renewal, on an event loop: must not block.
    package var isAllowed: @Sendable (DeviceID) -> Bool
    /// Asked at each connection about a certificate that is good by itself, on an event loop: must not block.
    package var isRevoked: @Sendable (PresentedCertificate) -> Bool
    /// Told of peers that were refused, on event loops: must not block.
    package var notice: @Sendable (ChannelNotice) -> Void

    package init(
        host: String = "::", port: Int = 0, identity: OrchestratorIdentity, anchors: [TrustAnchor] = [],
        heartbeatEvery: Span = .seconds(15), silenceMax: Span = .seconds(45), greetingMax: Span = .seconds(20),
        silentMax: Span = .seconds(5), frameMax: Span = .seconds(60), rivalMax: Span = .seconds(3),
        waitingMax: Int = 4096, waitingPerAddressMax: Int = 2048, outboundBytesMax: Int = 16 << 20,
        inboundMessagesMax: Int = 64, protocols: ClosedRange<UInt32> = ChannelProtocol.versions,
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }, group: (any EventLoopGroup)? = nil,
        enrol: @escaping @Sendable (EnrolmentRequest) async -> Result<EnrolmentGrant, EnrolmentRefusal>,
        renew: @escaping @Sendable (DeviceID, SigningRequest) async -> Result<EnrolmentGrant, EnrolmentRefusal>,
        isAllowed: @escaping @Sendable (DeviceID) -> Bool,
        isRevoked: @escaping @Sendable (PresentedCertificate) -> Bool = { _ in false },
        notice: @escaping @Sendable (ChannelNotice) -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.identity = identity
        self.anchors = anchors
        self.silentMax = silentMax
        self.frameMax = frameMax
        self.rivalMax = rivalMax
        self.waitingMax = waitingMax
        self.waitingPerAddressMax = waitingPerAddressMax
        self.isRevoked = isRevoked
        self.notice = notice
        self.heartbeatEvery = heartbeatEvery
        self.silenceMax = silenceMax
        self.greetingMax = greetingMax
        self.outboundBytesMax = outboundBytesMax
        self.inboundMessagesMax = inboundMessagesMax
        self.protocols = protocols
        self.now = now
        self.group = group
        self.enrol = enrol
        self.renew = renew
        self.isAllowed = isAllowed
    }
}

/// The versions of the protocol that this build speaks.
package enum ChannelProtocol {
    package static let versions: ClosedRange<UInt32> = 1...1

    /// The newest version in both ranges; nil when there is none.
    static func choose(_ ours: ClosedRange<UInt32>, _ theirs: ClosedRange<UInt32>) -> UInt32? {
        let newest = min(ours.upperBound, theirs.upperBound)
        return newest >= max(ours.lowerBound, theirs.lowerBound) ? newest : nil
    }
}

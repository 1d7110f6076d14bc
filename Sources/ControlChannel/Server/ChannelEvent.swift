package import L45Model

/// One connection of one device, from its hello to its end. Never used again.
package struct SessionID: Identifier {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// What happens at the server. For each session: `connected`, its messages in order, `disconnected` once. When a device
/// connects again while its old session stands, the old one's `disconnected` comes before the new one's `connected`.
package enum ChannelEvent: Sendable {
    case connected(SessionID, DeviceID, AgentHello)
    case message(SessionID, DeviceID, AgentMessage)
    case disconnected(SessionID, DeviceID, reason: String)

    package var session: SessionID {
        switch self {
        case .connected(let session, _, _), .message(let session, _, _), .disconnected(let session, _, _): session
        }
    }
}

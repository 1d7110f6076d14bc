package import L45Model

/// What the server tells beside its events: of peers that did not become sessions. Called on event loops.
package enum ChannelNotice: Hashable, Sendable {
    /// A connection was refused, or ended by a fault of its peer's.
    case refused(RefusedPeer)
    /// A device that is connected, and answers, was asked for by another connection with its key, which was refused. Its key
    /// is in use at two places.
    case contested(DeviceID, heldFrom: String, refused: String)
}

/// Peers that were refused for the same reason.
package struct RefusedPeer: Hashable, Sendable {
    /// Its address without a port; `others` past the number that are told apart.
    package var address: String
    /// By its certificate, where it had shown one of ours.
    package var device: DeviceID?
    package var code: ChannelRefusal.Code
    /// For operators: more than the peer was told.
    package var reason: String
    /// How many there were since it was told last.
    package var count: Int
}

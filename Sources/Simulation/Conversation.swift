import L45Model

/// A connection between two devices' programs, as TCP keeps it: each way a stream of bytes that arrive in order, in
/// pieces of any size, or not at all once it is reset.
struct Conversation {
    let client: DeviceID
    let server: DeviceID
    let port: UInt16
    /// Some tap of it had lost modules by hand while it was open.
    var isExcused: Bool
    /// The server has accepted it.
    var isAccepted = false
    /// Nobody writes any more; it closes when all has arrived.
    var isEnding = false
    var toServer = Line()
    var toClient = Line()

    struct Line {
        /// On the wire, not yet arrived.
        var wire: [UInt8] = []
        /// What the sender's program wrote and the receiver's was not given yet.
        var owed: [UInt8] = []
        /// An arrival is planned.
        var isMoving = false

        var isEmpty: Bool { wire.isEmpty && owed.isEmpty }
    }

    func involves(_ device: DeviceID) -> Bool { client == device || server == device }
}

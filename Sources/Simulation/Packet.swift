import L45Model

/// A datagram on its way between two devices' programs.
struct Packet {
    let from: DeviceID
    let to: DeviceID
    /// The server's.
    let port: UInt16
    /// It goes from the server of the conversation to the client.
    let isAnswer: Bool
    /// What the program sent.
    let plain: [UInt8]
    /// What the tap made of it.
    let wire: [UInt8]
    let sentAt: Timestamp
    /// The sender's tap had lost modules when it was sent.
    let senderWasBereft: Bool
}

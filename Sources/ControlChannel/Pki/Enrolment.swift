package import L45Model

/// A device's request to be admitted, as the server hands it to whoever knows the tokens.
package struct EnrolmentRequest: Sendable {
    /// The token's id, of at most 64 bytes.
    package let tokenID: String
    package let tokenSecret: Secret
    /// Proves possession of the key; `signingRequest.device` is who asks.
    package let signingRequest: SigningRequest
    /// For people; not an identity.
    package let hostName: String
    /// The device that a former certificate of ours for the same key names: a device whose key was renewed has another
    /// name than its key.
    package let former: DeviceID?
    /// The address that it came from, for the log.
    package let from: String

    package var device: DeviceID { former ?? signingRequest.device }
}

/// Why a request to be admitted, or for a new certificate, was refused.
package enum EnrolmentRefusal: Error, Hashable, Sendable {
    case tokenUnknown(id: String)
    case tokenExpired(id: String, at: Timestamp)
    /// By another device. (The same device asking again with the same key is a retry: grant it.)
    case tokenUsed(id: String, by: DeviceID)
    case deviceNotAllowed(DeviceID)
    /// It could not be decided now, such as a store that does not answer.
    case unavailable(reason: String)

    package var refusal: ChannelRefusal {
        switch self {
        case .tokenUnknown(let id):
            ChannelRefusal(
                .tokenUnknown, "there is no enrolment token '\(id)' with this secret; make one with 'l45 token create'")
        case .tokenExpired(let id, let at):
            ChannelRefusal(
                .tokenExpired, "enrolment token '\(id)' expired at \(at.rfc3339); make one with 'l45 token create'")
        case .tokenUsed(let id, let device):
            // By whom is for the operator alone.
            ChannelRefusal(
                .tokenUsed,
                "enrolment token '\(id)' was used by another device; make one for each device with 'l45 token create'",
                inside: "enrolment token '\(id)' was used by device \(device)")
        case .deviceNotAllowed(let device):
            ChannelRefusal(.deviceNotAllowed, "device \(device) is not allowed here; its access was withdrawn")
        case .unavailable(let reason):
            ChannelRefusal(
                .unavailable, "the orchestrator can not issue certificates now; try again later",
                inside: "no certificate can be issued now: \(reason)")
        }
    }
}

/// Why one end ended a connection or refused a request: a code for programs, a text for people that names the thing,
/// the numbers and the way out. On the wire: `Refusal`.
package struct ChannelRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Hashable, Sendable, CaseIterable {
        /// No version of the protocol that both ends speak.
        case protocolVersion
        /// A message that has no place here, such as a report before the hello.
        case protocolOrder
        case frameTooLong
        case frameMalformed
        case certificateMissing
        case certificateOfOtherAuthority
        case certificateExpired
        /// Of our authority and in time, but for another role or another key.
        case certificateInvalid
        /// Of our authority and in time, and withdrawn: another took its place, or the operator said so.
        case certificateRevoked
        /// The device's access was withdrawn.
        case deviceNotAllowed
        /// A newer connection of the same device took over.
        case superseded
        /// The device is connected already, and answers there.
        case deviceElsewhere
        case tokenUnknown
        case tokenExpired
        case tokenUsed
        /// The signing request of an enrolment or a renewal is none, or for another key.
        case requestInvalid
        /// The orchestrator could not decide now: ask again later.
        case unavailable
        /// Nothing was heard for too long.
        case silent
        /// Too many connections wait to say who they are.
        case crowded
        /// TLS did not come about.
        case tlsFailed
        /// The peer reads so slowly that what waits for it is over the limit.
        case tooSlow
        /// An orderly end, such as a stop.
        case closed
    }

    package var code: Code
    /// What the peer is told.
    package var text: String
    /// What is known besides, for this end's own log and operators; never sent.
    package var inside: String?

    package init(_ code: Code, _ text: String, inside: String? = nil) {
        self.code = code
        self.text = text
        self.inside = inside
    }

    package var description: String { text }
}

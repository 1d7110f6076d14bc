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
        /// The device's access was withdrawn.
        case deviceNotAllowed
        /// A newer connection of the same device took over.
        case superseded
        case tokenUnknown
        case tokenExpired
        case tokenUsed
        /// The signing request of an enrolment or a renewal is none, or for another key.
        case requestInvalid
        /// The orchestrator could not decide now: ask again later.
        case unavailable
        /// Nothing was heard for too long.
        case silent
        /// The peer reads so slowly that what waits for it is over the limit.
        case tooSlow
        /// An orderly end, such as a stop.
        case closed
    }

    package var code: Code
    package var text: String

    package init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    package var description: String { text }
}

/// Where the security check of a module stands. Never its keys.
package struct CheckView: Hashable, Codable, Sendable {
    package enum State: String, Hashable, Codable, Sendable {
        /// The last challenge was answered as it should be.
        case verified
        /// It has not answered yet: new, or its device is away.
        case waiting
        /// It has left a challenge unanswered, and is asked again.
        case late
        /// It failed, and is being revoked.
        case failed
        /// Its agent can not relay challenges.
        case unchecked
    }

    package var state: State
    /// Answers verified in a row; the key is this many steps from `init_key`.
    package var step: UInt64
    /// When the last answer was verified.
    package var verifiedAt: APITime?
    /// `sec_check_window`.
    package var window: Span

    package init(state: State, step: UInt64, verifiedAt: Timestamp?, window: Span) {
        self.state = state
        self.step = step
        self.verifiedAt = APITime(known: verifiedAt)
        self.window = window
    }
}

package import L45Model

/// What a tap tells unasked. A notice may be lost; what must be known stands in the tap's next reading.
package struct TapNotice: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// Another table is in force.
        case table
        /// A socket was tapped.
        case attached
        /// A socket that a module matches stays plain, for a reason.
        case refused
        /// The same for want of memory.
        case failed
        /// Forged tags, a broken stream, a challenge that does not open.
        case alert
    }

    package var kind: Kind
    package var module: ModuleID?
    /// Task name of the socket's owner; empty when it is not known.
    package var process: String
    /// The tap's own words.
    package var text: String
    /// Why a socket stays plain; empty when the tap gives none.
    package var reason: String
    /// The way of things: a stream's dialect can not begin in the middle of a connection.
    package var isExpected: Bool
    /// How many of this kind went before it unsaid.
    package var lost: Int

    package init(
        kind: Kind, module: ModuleID? = nil, process: String = "", text: String, reason: String = "",
        isExpected: Bool = false, lost: Int = 0
    ) {
        self.kind = kind
        self.module = module
        self.process = process
        self.text = text
        self.reason = reason
        self.isExpected = isExpected
        self.lost = lost
    }
}

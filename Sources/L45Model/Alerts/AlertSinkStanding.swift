/// How far one sink has come in the list of news, and what it was spared for coming too fast. Stored, so that a restart neither
/// loses an alert nor forgets how many were held back.
package struct AlertSinkStanding: Hashable, Codable, Sendable {
    /// Everything up to this place was delivered or held back.
    package var place: UInt64
    /// By kind, while a window of it is under way.
    package var windows: [AlertKind: Window]
    /// News that were gone before this sink could be told of them, and of which it was not told yet.
    package var missed: UInt64

    package struct Window: Hashable, Codable, Sendable {
        package var began: Timestamp
        package var told: Int
        package var heldBack: UInt64
        /// The alert of the last that was held back.
        package var last: AlertID?

        package init(began: Timestamp, told: Int = 0, heldBack: UInt64 = 0, last: AlertID? = nil) {
            self.began = began
            self.told = told
            self.heldBack = heldBack
            self.last = last
        }
    }

    package init(place: UInt64, windows: [AlertKind: Window] = [:], missed: UInt64 = 0) {
        self.place = place
        self.windows = windows
        self.missed = missed
    }
}

/// What became of an alert, for those who are told of alerts: an entry of a list that each sink reads at its own pace.
package struct AlertNews: Hashable, Codable, Sendable {
    package enum What: String, Hashable, Codable, Sendable, CaseIterable {
        case opened
        /// It was seen again, worse than before.
        case worsened
        case acknowledged
        case resolved
    }

    /// Its place in the list: grows with each entry and is never used again.
    package var place: UInt64
    package var at: Timestamp
    package var what: What
    /// As it was then.
    package var alert: Alert

    package init(place: UInt64, at: Timestamp, what: What, alert: Alert) {
        self.place = place
        self.at = at
        self.what = what
        self.alert = alert
    }
}

/// An event of the trail with its place in it.
package struct EventView: Hashable, Codable, Sendable {
    /// Grows with each event; ask for what comes `after` it.
    package var id: UInt64
    package var at: APITime
    package var severity: Event.Severity
    package var subject: String
    package var message: String
    package var facts: [String: String]

    package init(id: UInt64, _ event: Event) {
        self.id = id
        at = APITime(event.at)
        severity = event.severity
        subject = event.subject
        message = event.message
        facts = event.facts
    }
}

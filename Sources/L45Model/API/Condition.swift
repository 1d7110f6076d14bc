/// One thing that is said of an intent, a device, a module, a path or a source, with the reason.
package struct Condition: Hashable, Codable, Sendable {
    package enum Status: String, Hashable, Codable, Sendable { case yes = "true", no = "false", unknown }

    /// What is said, one word: `Ready`, `Progressing`, `Paused`, `Braked`.
    package var type: String
    package var status: Status
    /// Why, one word for programs: `DevicesAway`.
    package var reason: String
    /// Why, in words; names the device and the numbers.
    package var message: String
    /// When the status last changed; nil: that is not known.
    package var since: APITime?
    /// The revision of the intent, or the generation of the device's table, that it speaks of; nil: it is of none.
    package var observedGeneration: Generation?

    package init(
        type: String, status: Status, reason: String, message: String, since: Timestamp?, observed: Generation? = nil
    ) {
        observedGeneration = observed
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.since = APITime(known: since)
    }
}

/// A device that takes no part in an intent any more, since a module of it failed its security check.
///
/// It lasts until an operator readmits the device.
package struct Distrust: Hashable, Codable, Sendable {
    package var device: DeviceID
    package var intent: IntentName
    /// The module that failed.
    package var module: ModuleID
    /// For the operator.
    package var reason: String
    package var since: Timestamp
    /// When the device's tap had none of the intent's modules any more, by its own report; nil: not yet.
    package var revokedAt: Timestamp?

    package init(
        device: DeviceID, intent: IntentName, module: ModuleID, reason: String, since: Timestamp,
        revokedAt: Timestamp? = nil
    ) {
        self.device = device
        self.intent = intent
        self.module = module
        self.reason = reason
        self.since = since
        self.revokedAt = revokedAt
    }
}

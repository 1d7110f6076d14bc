package import L45Model

/// What a step of the security check wants done, in this order.
package enum CheckEffect: Hashable, Sendable {
    /// Have the device's agent relay this. The CIB has to have the module's standing before.
    case ask(DeviceID, ModuleChallenge)
    /// The device takes no part in the intent any more.
    case distrust(Distrust)
    /// Store this again: the device has none of the intent's modules any more.
    case revoked(Distrust)
    /// Add to the trail of events.
    case note(Event)
}

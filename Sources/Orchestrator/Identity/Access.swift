import L45Model

/// Who is refused though its certificate is good by itself. Asked on event loops, so it may wait neither for the actor nor for
/// the CIB.
struct Access: Sendable {
    /// Forgotten or evicted.
    var devices: Set<DeviceID>
    /// Of certificates that others took the place of, or that were withdrawn.
    var serials: Set<String>
}

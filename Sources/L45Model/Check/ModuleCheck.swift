/// Where the security check of one module stands: what an orchestrator must still know after it was killed.
package struct ModuleCheck: Hashable, Sendable {
    package var device: DeviceID
    package var module: ModuleID
    /// The key that the next challenge is sealed under: `init_key` at step 0.
    package var key: Secret
    /// Answers verified since the chain of keys began.
    package var step: UInt64
    /// Of the tap, at the last answer; 0 before the first.
    package var life: UInt64
    /// When the last answer was verified; `.never` before the first.
    package var verifiedAt: Timestamp

    package init(
        device: DeviceID, module: ModuleID, key: Secret, step: UInt64 = 0, life: UInt64 = 0,
        verifiedAt: Timestamp = .never
    ) {
        self.device = device
        self.module = module
        self.key = key
        self.step = step
        self.life = life
        self.verifiedAt = verifiedAt
    }
}

import KernelTap
import L45Model

/// What the last report said that does not change by traffic alone: when this differs, the next report is due at once.
struct Reported: Hashable, Sendable {
    private struct Module: Hashable {
        var id: ModuleID
        var state: ModuleState
        var enforcing: Bool
        /// The first message that it customizes is news, the next is not.
        var hasCustomized: Bool
    }

    private let inForce: Generation
    private let digest: Digest?
    private let modules: [Module]

    init(_ reading: TapReading) {
        inForce = reading.inForce
        digest = reading.inForceDigest
        modules = reading.modules.map {
            Module(id: $0.id, state: $0.state, enforcing: $0.enforcing, hasCustomized: $0.activeAt != .never)
        }
    }
}

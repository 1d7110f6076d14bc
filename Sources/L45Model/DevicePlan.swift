/// What one device is to run in the end: the contract between compiler and reconciler. Immutable.
package struct DevicePlan: Hashable, Codable, Sendable {
    package let device: DeviceID
    /// Sorted by id; the same inputs give the same bytes.
    package let modules: [ModulePlan]

    package init(device: DeviceID, modules: [ModulePlan]) {
        self.device = device
        self.modules = modules.sorted { $0.id < $1.id }
    }
}

/// The whole state that a device is told to take, one step of a rollout: `Set(wholeState)`, idempotent.
///
/// The generation fences it: a device refuses an older one, and the same one with other content.
package struct DeviceTable: Hashable, Codable, Sendable {
    package let device: DeviceID
    package let generation: Generation
    /// Sorted by module id.
    package let modules: [ModuleEntry]

    package init(device: DeviceID, generation: Generation, modules: [ModuleEntry]) {
        self.device = device
        self.generation = generation
        self.modules = modules.sorted { $0.plan.id < $1.plan.id }
    }

    package func entry(_ id: ModuleID) -> ModuleEntry? { modules.first { $0.plan.id == id } }

    /// Digest of the modules alone: two tables that ask for the same state have the same one.
    package func contentDigest() throws -> Digest {
        guard let bytes = CanonicalModules.encode(modules) else { return try Digest(ofValue: modules) }
        return Digest(of: bytes)
    }
}

/// A module and the part it plays at this step.
package struct ModuleEntry: Hashable, Codable, Sendable {
    package var plan: ModulePlan
    package var state: ModuleState
    /// Enforce `dropUnlessTagged` now: only once every sender of the flow speaks the dialect.
    package var enforcing: Bool

    package init(plan: ModulePlan, state: ModuleState, enforcing: Bool = false) {
        self.plan = plan
        self.state = state
        self.enforcing = enforcing
    }
}

/// The part a module plays on its sockets.
package enum ModuleState: String, Hashable, Codable, Sendable, CaseIterable {
    /// Attached and counting, customizing nothing (seed 5.2.2).
    case deactivated
    /// Low priority: understands the dialect and never sends it.
    case standby
    /// High priority: sends the dialect and understands it.
    case active
    /// Attaches to no new socket, sends no new frame; understands what is still under way (seed 5.2.3).
    case deprecated
}

/// What an agent did to get from one table to the next: the seed's DCA handlers (2.2.1, 5.2), for the trail of events.
package enum ModuleOperation: String, Hashable, Codable, Sendable, CaseIterable {
    case install, revoke, activate, deactivate, deprecate, priority, enforce, relax

    /// The operations that lead from `old` to `new`, sorted by module.
    package static func between(_ old: [ModuleEntry], _ new: [ModuleEntry]) -> [(ModuleID, ModuleOperation)] {
        let before = Dictionary(old.map { ($0.plan.id, $0) }, uniquingKeysWith: { first, _ in first })
        let after = Dictionary(new.map { ($0.plan.id, $0) }, uniquingKeysWith: { first, _ in first })
        var operations: [(ModuleID, ModuleOperation)] = []
        for id in Set(before.keys).union(after.keys).sorted() {
            guard let entry = after[id] else {
                operations.append((id, .revoke))
                continue
            }
            let previous = before[id]
            if previous == nil { operations.append((id, .install)) }
            if previous?.state != entry.state {
                switch entry.state {
                case .active: operations.append((id, .activate))
                case .deprecated: operations.append((id, .deprecate))
                case .deactivated: operations.append((id, .deactivate))
                case .standby: if previous != nil { operations.append((id, .priority)) }
                }
            }
            if (previous?.enforcing ?? false) != entry.enforcing {
                operations.append((id, entry.enforcing ? .enforce : .relax))
            }
        }
        return operations
    }
}

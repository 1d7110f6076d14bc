import Synchronization

/// What one device is to run in the end: the contract between compiler and reconciler. Immutable.
package struct DevicePlan: Hashable, Codable, Sendable {
    package let device: DeviceID
    /// Sorted by id; the same inputs give the same bytes.
    package let modules: [ModulePlan]

    package init(device: DeviceID, modules: [ModulePlan]) {
        self.device = device
        self.modules = modules.sorted { $0.id < $1.id }
    }

    /// Where the module with this id is; nil: nowhere.
    package func place(_ id: ModuleID) -> Int? {
        modules.place { $0.id < id }.flatMap { modules[$0].id == id ? $0 : nil }
    }
}

/// The whole state that a device is told to take, one step of a rollout: `Set(wholeState)`, idempotent.
///
/// The generation fences it: a device refuses an older one, and the same one with other content.
package struct DeviceTable: Sendable {
    package let device: DeviceID
    package let generation: Generation
    /// Sorted by module id.
    package let modules: [ModuleEntry]
    private let digest = DigestOnce()

    package init(device: DeviceID, generation: Generation, modules: [ModuleEntry]) {
        self.device = device
        self.generation = generation
        self.modules = modules.sorted { $0.plan.id < $1.plan.id }
    }

    package func entry(_ id: ModuleID) -> ModuleEntry? { modules.first { $0.plan.id == id } }
    /// Where the module with this id is; nil: nowhere, or the table was read from bytes that are out of order.
    package func place(_ id: ModuleID) -> Int? {
        modules.place { $0.plan.id < id }.flatMap { modules[$0].plan.id == id ? $0 : nil }
    }

    /// The same table, its modules made the plan's own objects where they are equal to them: from then on they are known for
    /// equal without a look at what they hold. Tables and plans that come from a store are objects of their own.
    package func sharing(_ plan: DevicePlan?) -> DeviceTable {
        guard let plan, !plan.modules.isEmpty else { return self }
        var shared: [ModuleEntry]?
        var place = 0
        // Both are sorted by id.
        for at in modules.indices {
            while place < plan.modules.count, plan.modules[place].id < modules[at].plan.id { place += 1 }
            guard place < plan.modules.count, !plan.modules[place].isSameObject(as: modules[at].plan),
                plan.modules[place] == modules[at].plan
            else { continue }
            if shared == nil { shared = modules }
            shared?[at].plan = plan.modules[place]
        }
        return shared.map { DeviceTable(device: device, generation: generation, modules: $0) } ?? self
    }

    /// Digest of the modules alone: two tables that ask for the same state have the same one. Made once for a table and all
    /// its copies.
    package func contentDigest() throws -> Digest {
        try digest.value {
            guard let bytes = CanonicalModules.encode(modules) else { return try Digest(ofValue: modules) }
            return Digest(of: bytes)
        }
    }
}

extension DeviceTable: Hashable {
    package static func == (a: DeviceTable, b: DeviceTable) -> Bool {
        a.generation == b.generation && a.device == b.device && a.modules == b.modules
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(device)
        hasher.combine(generation)
    }
}

extension DeviceTable: Codable {
    private enum CodingKeys: CodingKey { case device, generation, modules }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        // As they were written, in whatever order: what is read is not mended here.
        device = try container.decode(DeviceID.self, forKey: .device)
        generation = try container.decode(Generation.self, forKey: .generation)
        modules = try container.decode([ModuleEntry].self, forKey: .modules)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(device, forKey: .device)
        try container.encode(generation, forKey: .generation)
        try container.encode(modules, forKey: .modules)
    }
}

/// A digest of something that never changes, made when it is first asked for.
private final class DigestOnce: Sendable {
    private let made = Mutex<Digest?>(nil)

    func value(_ make: () throws -> Digest) rethrows -> Digest {
        // Two that ask at once may both make it, and make the same.
        if let known = made.withLock({ $0 }) { return known }
        let digest = try make()
        made.withLock { $0 = digest }
        return digest
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

extension Array {
    /// The first place from which on nothing precedes what is looked for; nil: there is none.
    /// - Parameter precedes: holds for the first elements, and for none after one for which it does not.
    fileprivate func place(where precedes: (Element) -> Bool) -> Int? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if precedes(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low < count ? low : nil
    }
}

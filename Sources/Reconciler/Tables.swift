import L45Model

/// The tables that a pass decides: one per device at most, whichever flows changed.
struct Tables {
    /// By device, in the order of the pass; nil: the last one stands.
    private(set) var decided: [DeviceTable?]
    /// By device: a new generation was decided. Every flow asks for it, so it is kept.
    private(set) var changed: [Bool]

    init(_ devices: [DeviceStanding], _ rotations: [Rotation], braked: Bool) {
        decided = Array(repeating: nil, count: devices.count)
        changed = Array(repeating: false, count: devices.count)
        guard !braked else { return }
        var moved = Array(repeating: false, count: devices.count)
        for rotation in rotations {
            for (member, next) in zip(rotation.flow.members, rotation.next) where member.entries != next.entries {
                moved[member.device] = true
            }
        }
        for (at, device) in devices.enumerated() where device.repair { moved[at] = true }
        guard moved.contains(true) else { return }
        // A flow at rest has no members: what it has on a device that another flow moves stays as it is.
        let awake = Set(rotations.lazy.filter { !$0.flow.members.isEmpty }.map(\.flow.name))
        var entries = Array(repeating: [ModuleEntry](), count: devices.count)
        for (at, device) in devices.enumerated() where moved[at] {
            entries[at] = device.base.filter { !awake.contains($0.plan.flow) }
        }
        for rotation in rotations {
            for next in rotation.next where moved[next.device] { entries[next.device] += next.entries }
        }
        for (at, device) in devices.enumerated() where moved[at] {
            decided[at] = DeviceTable(device: device.id, generation: device.nextGeneration, modules: entries[at])
            changed[at] = true
        }
    }

    /// The generation last decided for the device, in this pass or before.
    func generation(_ at: Int, _ device: DeviceStanding) -> Generation { decided[at]?.generation ?? device.generation }

    /// The generation to send the device now; nil: none. A device that is away gets its table when it is back and has
    /// said what it runs.
    func send(_ at: Int, _ device: DeviceStanding, policy: RolloutPolicy, now: Timestamp) -> Generation? {
        guard case .connected(let since, let reported) = device.snapshot.link else { return nil }
        if let table = decided[at] { return reported ? table.generation : nil }
        guard let table = device.snapshot.table, DeviceStanding.due(device.snapshot.sentAt, policy.resendAfter, now)
        else {
            return nil
        }
        // Its report is on its way, and may spare us the sending. One that does not come is no reason to wait on.
        if !reported { return DeviceStanding.due(since, policy.resendAfter, now) ? table.generation : nil }
        return device.tap == .behind ? table.generation : nil
    }
}

import L45Model

/// A long connection. Each direction that began in a dialect changes it at a frame boundary only; one that is plain, from
/// its beginning or since it left its dialect, stays plain until the connection is opened anew.
struct SimStream {
    let flow: FlowName
    let client: DeviceID
    let server: DeviceID
    var opened: Int
    var isNew = true
    /// The dialect of the frame under way; nil: plain.
    var request: ModulePlan?
    var response: ModulePlan?

    func joins(_ flow: FlowName, _ client: DeviceID, _ server: DeviceID) -> Bool {
        self.flow == flow && self.client == client && self.server == server
    }

    mutating func reopen(_ tick: Int) {
        opened = tick
        isNew = true
        request = nil
        response = nil
    }

    /// Whether the frame under way, in either direction, needs this module at that device.
    func uses(_ entry: ModuleEntry, at device: SimDevice) -> Bool {
        let plan = entry.plan
        guard plan.flow == flow, device.id == (plan.role == .client ? client : server) else { return false }
        guard entry.state != .deprecated || opened < device.deprecatedAt[plan.id] ?? 0 else { return false }
        return request?.epoch == plan.epoch || response?.epoch == plan.epoch
    }
}

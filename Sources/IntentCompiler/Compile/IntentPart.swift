import L45Model

/// What one intent comes to on this fleet, by itself and in its chain. Immutable; a class, since it is kept from one
/// compilation to the next.
final class IntentPart: Sendable {
    let entry: CompilerInput.Entry
    /// By itself, whatever the others are.
    let ownFlows: [FlowScope]
    /// What its chain leaves of them; without a chain its own.
    let flows: [FlowScope]
    let problems: [Diagnostic]
    /// It has an error of its own, or one of its chain has.
    let isRefused: Bool

    var name: IntentName { entry.intent.name }
    var isPosture: Bool { entry.intent.posture != nil }
    /// It has an error of its own.
    var isUnfit: Bool { problems.hasErrors }

    init(_ entry: CompilerInput.Entry, _ index: DeviceIndex) {
        self.entry = entry
        // A posture has no devices of its own.
        (ownFlows, problems) = entry.intent.posture == nil ? ScopeResolver.resolve(entry, index) : ([], [])
        flows = ownFlows
        isRefused = problems.hasErrors
    }

    private init(_ part: IntentPart, flows: [FlowScope], isRefused: Bool) {
        (entry, ownFlows, problems) = (part.entry, part.ownFlows, part.problems)
        self.flows = flows
        self.isRefused = isRefused
    }

    /// Itself with the flows that composition with other intents left it.
    func composed(_ flows: [FlowScope], isRefused: Bool) -> IntentPart {
        IntentPart(self, flows: flows, isRefused: isRefused)
    }

    /// Whether a device that came, went or changed can make anything of it different.
    func depends(on device: Device) -> Bool {
        if isPosture { return false }
        if entry.intent.clients.matches(device.facts.labels) || entry.intent.servers.matches(device.facts.labels) {
            return true
        }
        // What it tells of, and whom given addresses lead to, is looked for in the whole fleet.
        return !problems.isEmpty || !entry.intent.guards.isEmpty
            || entry.intent.tags.contains { !$0.server.addresses.isEmpty || !$0.client.addresses.isEmpty }
    }

    /// Its modules, each with its device.
    func addModules(_ keys: ModuleIdentity.Keys, to add: (DeviceID, ModulePlan) -> Void) {
        for flow in flows {
            let identity = ModuleIdentity(intent: name, flow: flow.name, epoch: flow.epoch, keys: keys)
            let secret = identity.dialectSecret()
            for role in [ModulePlan.Role.client, .server] {
                let socket = flow.tapSocket(role)
                for device in flow.devices(role) {
                    add(device.id, Self.module(flow, role, device.id, socket, secret, identity))
                }
            }
        }
    }

    private static func module(
        _ flow: FlowScope, _ role: ModulePlan.Role, _ device: DeviceID, _ socket: TapSocket, _ secret: Secret,
        _ identity: ModuleIdentity
    ) -> ModulePlan {
        let tag = flow.tag
        let receives = role == .client ? tag.directions.response : tag.directions.request
        let sends = role == .client ? tag.directions.request : tag.directions.response
        return ModulePlan(
            id: identity.moduleID(role, device), intent: flow.intent.name, flow: flow.name, epoch: flow.epoch,
            role: role,
            directions: tag.directions, tapSocket: socket, dialect: tag.dialect, dialectSecret: secret,
            initKey: identity.initKey(role, device), attach: tag.attach, priority: tag.priority,
            // An end that never receives the dialect would drop everything, one that never sends it has nothing to hold back.
            dropUnlessTagged: tag.dropUntagged && receives,
            delayMicroseconds: sends ? Int(flow.delay(role).milliseconds) * 1000 : 0,
            stateRequestWindow: tag.stateWindow, securityCheckWindow: tag.securityWindow, underTest: tag.test,
            artifact: tag.artifact)
    }
}

extension Array where Element == IntentPart {
    /// - Returns: nil when there is none of this name. They are sorted by name.
    func first(named name: IntentName) -> IntentPart? {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low].name == name ? self[low] : nil
    }
}

extension Array where Element == Device {
    /// Sorted by id; those that are already cost one walk.
    var inOrder: [Device] {
        indices.dropFirst().allSatisfy { self[$0 - 1].id <= self[$0].id } ? self : sorted { $0.id < $1.id }
    }
}

extension Array where Element == CompilerInput.Entry {
    /// Sorted by name and edition; those that are already cost one walk.
    var inOrder: [CompilerInput.Entry] {
        let precedes = { (a: CompilerInput.Entry, b: CompilerInput.Entry) in
            (a.intent.name, a.epoch) < (b.intent.name, b.epoch)
        }
        return indices.dropFirst().contains { precedes(self[$0], self[$0 - 1]) } ? sorted(by: precedes) : self
    }
}

extension IntentSummary {
    init(_ entry: CompilerInput.Entry, _ flows: [FlowScope], isRefused: Bool) {
        self.init(
            name: entry.intent.name, epoch: entry.epoch, clients: entry.intent.clients.description,
            servers: entry.intent.servers.description, rotation: entry.intent.rotation,
            flows: flows.map { flow in
                Flow(
                    name: flow.name, subject: flow.tag.subject, dialect: flow.tag.dialect,
                    growth: flow.tag.growthInWords, directions: flow.tag.directions,
                    clients: flow.clients.map(\.id), servers: flow.servers.map(\.id), stages: flow.stages)
            },
            isRefused: isRefused)
    }
}

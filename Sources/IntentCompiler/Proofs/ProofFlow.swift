import CL45Core
import L45Model

/// One flow as the plans have it: what ships, not what was meant.
struct ProofFlow {
    let name: FlowName
    let intent: IntentName
    let epoch: Epoch
    let dialect: Dialect
    let directions: ModulePlan.Directions
    let secret: Secret
    let dropsUntagged: Bool
    /// The same on every device of a role.
    private(set) var sockets: [ModulePlan.Role: TapSocket] = [:]
    private(set) var devices: [ModulePlan.Role: [DeviceID]] = [:]

    private init(_ module: ModulePlan) {
        name = module.flow
        intent = module.intent
        epoch = module.epoch
        dialect = module.dialect
        directions = module.directions
        secret = module.dialectSecret
        dropsUntagged = module.dropUnlessTagged
    }

    var isMonitor: Bool { dialect == .monitor }
    var transport: Transport { sockets.values.first?.transport ?? .udp }
    /// That the server listens on; nil: any.
    var port: UInt16? { sockets[.server]?.local.port ?? sockets[.client]?.remotes.first?.port }
    func sends(_ role: ModulePlan.Role) -> Bool { role == .client ? directions.request : directions.response }

    /// Directions that carry the dialect.
    var wireDirections: [l45_direction] {
        (directions.request ? [L45_REQUEST] : []) + (directions.response ? [L45_RESPONSE] : [])
    }

    /// The flows of `intents`, and those that stand on a device beside them.
    static func flows(of plans: [DevicePlan], beside intents: Set<IntentName>) -> [FlowName: ProofFlow] {
        var flows: [FlowName: ProofFlow] = [:]
        for plan in plans where plan.modules.contains(where: { intents.contains($0.intent) }) {
            for module in plan.modules {
                flows[module.flow, default: ProofFlow(module)].add(module, on: plan.device)
            }
        }
        return flows
    }

    private mutating func add(_ module: ModulePlan, on device: DeviceID) {
        if sockets[module.role] == nil { sockets[module.role] = module.tapSocket }
        devices[module.role, default: []].append(device)
    }
}

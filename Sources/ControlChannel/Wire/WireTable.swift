import Foundation
import L45Model

extension WireDeviceTable {
    /// Entries in one table: as many as a tap has rules, with room to grow.
    static let modulesMax = 4096

    init(_ table: DeviceTable) {
        device = table.device.rawValue
        generation = table.generation.rawValue
        modules = table.modules.map(WireModuleEntry.init)
    }

    func value() throws(WireError) -> DeviceTable {
        let device = try WireCheck.device(device)
        let generation = try WireCheck.generation(generation)
        var entries: [ModuleEntry] = []
        for (at, module) in try WireCheck.list(modules, "modules", max: Self.modulesMax).enumerated() {
            entries.append(try WireError.at("modules[\(at)]") { () throws(WireError) in try module.value() })
        }
        try WireCheck.distinct(entries.lazy.map(\.plan.id.rawValue), "modules")
        return DeviceTable(device: device, generation: generation, modules: entries)
    }
}

extension WireModuleEntry {
    init(_ entry: ModuleEntry) {
        plan = WireModulePlan(entry.plan)
        state = WireModuleState(entry.state)
        enforcing = entry.enforcing
    }

    func value() throws(WireError) -> ModuleEntry {
        guard hasPlan else { throw WireError("plan", "it is missing") }
        return ModuleEntry(
            plan: try WireError.at("plan") { () throws(WireError) in try plan.value() }, state: try state.value(),
            enforcing: enforcing)
    }
}

extension WireModuleState {
    init(_ state: ModuleState) {
        switch state {
        case .deactivated: self = .deactivated
        case .standby: self = .standby
        case .active: self = .active
        case .deprecated: self = .deprecated
        }
    }

    func value() throws(WireError) -> ModuleState {
        switch self {
        case .deactivated: .deactivated
        case .standby: .standby
        case .active: .active
        case .deprecated: .deprecated
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown("state", rawValue)
        }
    }
}

extension WireModulePlan {
    static let secretBytes = 32
    static let delayMicrosecondsMax: Int64 = 10_000_000

    init(_ module: ModulePlan) {
        id = module.id.rawValue
        intent = module.intent.rawValue
        flow = module.flow.rawValue
        epoch = module.epoch.rawValue
        switch module.role {
        case .client: role = .client
        case .server: role = .server
        }
        onRequest = module.directions.request
        onResponse = module.directions.response
        tapSocket = WireTapSocket(module.tapSocket)
        dialect = WireDialect(module.dialect)
        dialectSecret = Data(module.dialectSecret.bytes)
        initKey = Data(module.initKey.bytes)
        switch module.attach {
        case .new: attach = .new
        case .all: attach = .all
        }
        priority = Int64(module.priority)
        dropUnlessTagged = module.dropUnlessTagged
        delayUs = Int64(module.delayMicroseconds)
        stateRequestWindowMs = module.stateRequestWindow.milliseconds
        securityCheckWindowMs = module.securityCheckWindow.milliseconds
        underTest = module.underTest
        if let file = module.artifact { artifact = WireArtifactReference(file) }
    }

    func value() throws(WireError) -> ModulePlan {
        guard epoch > 0, epoch < UInt32.max else { throw WireError("epoch", "\(epoch) is none") }
        guard hasTapSocket else { throw WireError("tap_socket", "it is missing") }
        return ModulePlan(
            id: ModuleID(id),
            intent: IntentName(try WireCheck.text(intent, "intent", min: 1, max: 63)),
            flow: FlowName(try WireCheck.text(flow, "flow", min: 1, max: 96)),
            epoch: Epoch(epoch), role: try role.value(),
            directions: ModulePlan.Directions(request: onRequest, response: onResponse),
            tapSocket: try WireError.at("tap_socket") { () throws(WireError) in try tapSocket.value() },
            dialect: try WireError.at("dialect") { () throws(WireError) in try dialect.value() },
            dialectSecret: try Self.secret(dialectSecret, "dialect_secret"),
            initKey: try Self.secret(initKey, "init_key"), attach: try attach.value(),
            priority: try WireCheck.count(priority, "priority", in: Int64(Int32.min)...Int64(Int32.max)),
            dropUnlessTagged: dropUnlessTagged,
            delayMicroseconds: try WireCheck.count(delayUs, "delay_us", in: 0...Self.delayMicrosecondsMax),
            stateRequestWindow: try WireCheck.span(stateRequestWindowMs, "state_request_window_ms"),
            securityCheckWindow: try WireCheck.span(securityCheckWindowMs, "security_check_window_ms"),
            underTest: underTest,
            artifact: hasArtifact
                ? try WireError.at("artifact") { () throws(WireError) in try artifact.value() } : nil)
    }

    private static func secret(_ bytes: Data, _ field: String) throws(WireError) -> Secret {
        guard bytes.count == secretBytes else {
            throw WireError(field, "\(bytes.count) bytes where \(secretBytes) are needed")
        }
        return Secret(Array(bytes))
    }
}

extension WireRole {
    func value() throws(WireError) -> ModulePlan.Role {
        switch self {
        case .client: .client
        case .server: .server
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown("role", rawValue)
        }
    }
}

extension WireAttachMode {
    func value() throws(WireError) -> ModulePlan.AttachMode {
        switch self {
        case .new: .new
        case .all: .all
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown("attach", rawValue)
        }
    }
}

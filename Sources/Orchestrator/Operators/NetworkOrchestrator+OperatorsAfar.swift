import ControlChannel
import Inventory
import L45Model
import Logging

// The operators' doors: a socket on this machine, and where it is asked for a port for other machines.
extension NetworkOrchestrator {
    func openSocket() async throws -> OperatorServer<NetworkOrchestrator> {
        try await OperatorServer.bind(
            path: configuration.operatorSocket, service: self, admit: admission(policy: .ownerAndRoot),
            group: configuration.operatorGroup, logger: logger)
    }

    /// nil: operators are served on this machine alone.
    func openDoor() async throws -> RemoteOperatorServer<NetworkOrchestrator>? {
        guard let door = configuration.operators else { return nil }
        let server = try await RemoteOperatorServer.bind(
            RemoteOperatorServer<NetworkOrchestrator>.Configuration(
                host: door.host, port: door.port, identity: try authority.orchestratorIdentity(now: now()), now: now),
            service: self, admit: admission(policy: .ownerAndRoot), logger: logger)
        operatorPort = server.port
        logger.info("operators served", metadata: ["listen": "\(door.host):\(server.port)"])
        return server
    }

    /// Where operators reach it from other machines, once it listens.
    package var operatorsListen: String? {
        guard let door = configuration.operators, let operatorPort else { return nil }
        return "\(door.host):\(operatorPort)"
    }

    /// A start is in the trail: what was done between two of them was done by one process.
    func auditStart() {
        let slot = AuditSlot(caller: .process, verb: "start", objects: ["version/\(Build.version)"], at: now())
        do { try inventory.audit(slot, result: .done) } catch {
            logger.error("not in the audit trail", metadata: ["verb": "start", "error": "\(error)"])
        }
    }
}

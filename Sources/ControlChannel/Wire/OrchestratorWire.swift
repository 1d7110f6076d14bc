/// Orchestrator's messages to protobuf and back.
enum OrchestratorWire {
    static func encode(_ message: OrchestratorMessage) -> [UInt8] { [] }
}

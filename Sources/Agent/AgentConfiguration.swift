package import ControlChannel
package import L45Model

/// How `l45 agent` was started.
package struct AgentConfiguration: Sendable {
    /// Keys, ledger and artifacts: private, and kept over restarts and boots.
    package var stateFolder: String
    /// Where the orchestrator listens.
    package var host: String
    package var port: Int
    /// Admits the device at its first start, when its certificate expired, and when the token is of another orchestrator's
    /// authority; not looked at otherwise.
    package var token: String?
    /// For people; the host name when nil.
    package var name: String?
    package var labels: [String: String]
    /// Addresses that its peers know it by; those of its interfaces when empty.
    package var addresses: [AddressBlock]
    /// Of l45.
    package var version: String
    /// TCP ports of services beside which HICCUPS probes are answered. Sorted, at most 256.
    package var respond: [UInt16]
    /// How long to wait before the orchestrator is tried again.
    package var reconnect: ReconnectDelay

    package init(
        stateFolder: String, host: String, port: Int, token: String? = nil, name: String? = nil,
        labels: [String: String] = [:], addresses: [AddressBlock] = [], version: String = "", respond: [UInt16] = [],
        reconnect: ReconnectDelay = ReconnectDelay()
    ) {
        self.stateFolder = stateFolder
        self.host = host
        self.port = port
        self.token = token
        self.name = name
        self.labels = labels
        self.addresses = addresses
        self.version = version
        self.respond = respond
        self.reconnect = reconnect
    }
}

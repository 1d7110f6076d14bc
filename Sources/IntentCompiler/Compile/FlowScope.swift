import L45Model

/// One flow of one intent on this fleet: who takes part, and on which sockets. Immutable; a class, since it is large and
/// handed on between many steps.
final class FlowScope: Sendable {
    let intent: Intent
    let epoch: Epoch
    let name: FlowName
    let tag: TagIntent
    /// Sorted by id.
    let clients: [Device]
    let servers: [Device]
    /// What other intents' flows add to this one, in their order: together they are one module.
    let stages: [FlowName]
    /// What those hold each send back, besides the flow's own delay.
    let addedDelay: [ModulePlan.Role: Span]

    func delay(_ role: ModulePlan.Role) -> Span {
        .milliseconds(tag.delay.milliseconds + (addedDelay[role]?.milliseconds ?? 0))
    }

    init(
        intent: Intent, epoch: Epoch, name: FlowName, tag: TagIntent, clients: [Device], servers: [Device],
        stages: [FlowName] = [], addedDelay: [ModulePlan.Role: Span] = [:]
    ) {
        self.intent = intent
        self.epoch = epoch
        self.name = name
        self.tag = tag
        self.clients = clients
        self.servers = servers
        self.stages = stages
        self.addedDelay = addedDelay
    }

    /// Itself with one stage more.
    func adding(stage: FlowName, tag: TagIntent, addedDelay: [ModulePlan.Role: Span]) -> FlowScope {
        FlowScope(
            intent: intent, epoch: epoch, name: name, tag: tag, clients: clients, servers: servers,
            stages: stages + [stage], addedDelay: addedDelay)
    }

    var place: SourcePlace { tag.place }

    func devices(_ role: ModulePlan.Role) -> [Device] { role == .client ? clients : servers }

    /// Servers send the dialect without having been spoken to in it.
    var answersBlindly: Bool { !tag.isMonitor && !tag.directions.request }

    func sends(_ role: ModulePlan.Role) -> Bool { role == .client ? tag.directions.request : tag.directions.response }

    /// The peers that this end's sockets must have; empty: any. Sorted, each once.
    func remoteBlocks(_ role: ModulePlan.Role) -> [AddressBlock] {
        switch role {
        case .server where !tag.client.addresses.isEmpty: tag.client.addresses.inOrder
        // A server that never receives the dialect can not answer in kind: it speaks to the clients in scope alone.
        case .server where answersBlindly: clients.flatMap(\.facts.addresses).inOrder
        case .server: []
        case .client where !tag.server.addresses.isEmpty: tag.server.addresses.inOrder
        // A monitor without selected servers watches what goes anywhere: no peer needs to understand it.
        case .client where tag.isMonitor && intent.places.servers == nil: []
        case .client: servers.flatMap(\.facts.addresses).inOrder
        }
    }

    /// `tap_socket` (seed 2.2.2): from the point of view of an outgoing message on a device of this role.
    func tapSocket(_ role: ModulePlan.Role) -> TapSocket {
        let blocks = remoteBlocks(role)
        switch role {
        case .client:
            let remotes =
                blocks.isEmpty
                ? (tag.port == nil ? [] : [EndpointPattern(port: tag.port)])
                : blocks.map { EndpointPattern(block: $0, port: tag.port) }
            return TapSocket(transport: tag.transport, application: tag.application, remotes: remotes)
        case .server:
            return TapSocket(
                transport: tag.transport, application: tag.server.application, local: EndpointPattern(port: tag.port),
                remotes: blocks.map { EndpointPattern(block: $0) })
        }
    }
}

extension Array where Element == AddressBlock {
    /// Sorted by bytes, the wider block first; each once.
    var inOrder: [AddressBlock] {
        Set(self).sorted { a, b in
            a.bytes == b.bytes ? a.prefixBits < b.prefixBits : a.bytes.lexicographicallyPrecedes(b.bytes)
        }
    }
}

extension Device {
    /// For messages: the host name, or the id where there is none.
    var title: String { facts.name.isEmpty ? String(id.rawValue.prefix(12)) : "'\(facts.name)'" }
}

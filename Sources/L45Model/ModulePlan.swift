/// One customization module for one device (seed Table 2.1): made by the compiler, stored, and never changed.
package struct ModulePlan: Hashable, Codable, Sendable {
    package var id: ModuleID
    package var intent: IntentName
    /// The flow of the intent that this module serves: both of its ends, on every device, carry the same name.
    package var flow: FlowName
    package var epoch: Epoch
    package var role: Role
    package var directions: Directions
    package var tapSocket: TapSocket
    package var dialect: Dialect
    /// Both ends of the flow share it; one per intent, flow and epoch, 32 bytes.
    package var dialectSecret: Secret
    /// `init_key`: known to the orchestrator and this module alone, 32 bytes (256 bit, seed 2.3).
    package var initKey: Secret
    package var attach: AttachMode
    /// Rank among the modules of one socket when active; higher is tried first. Standby and deprecated rank below all.
    package var priority: Int
    /// Drop what comes plain, once every sender speaks the dialect.
    package var dropUnlessTagged: Bool
    /// Held back this long before each send, in microseconds, at most 10 s; 0 not at all.
    package var delayMicroseconds: Int
    /// `state_req_window`: how often the module's statistics are asked for.
    package var stateRequestWindow: Span
    /// `sec_check_window`: how often the module is challenged.
    package var securityCheckWindow: Span
    /// Installed but doing nothing: the module attaches and counts, for a test before the real thing (seed 5.2.2).
    package var underTest: Bool
    /// A file that travels with the module, by digest.
    package var artifact: ArtifactReference?

    /// Which end of the flow the device is: who opens the conversation, and who answers.
    package enum Role: String, Hashable, Codable, Sendable { case client, server }

    /// Which messages carry the dialect. Requests go from the flow's client to its server.
    package struct Directions: Hashable, Codable, Sendable {
        package var request: Bool
        package var response: Bool
        package init(request: Bool, response: Bool) {
            self.request = request
            self.response = response
        }
        package static let both = Directions(request: true, response: true)
    }

    /// Which sockets a new module attaches to (seed 5.2.1).
    package enum AttachMode: String, Hashable, Codable, Sendable { case new, all }

    package init(
        id: ModuleID, intent: IntentName, flow: FlowName, epoch: Epoch, role: Role, directions: Directions = .both,
        tapSocket: TapSocket, dialect: Dialect, dialectSecret: Secret, initKey: Secret, attach: AttachMode = .all,
        priority: Int = 100, dropUnlessTagged: Bool = false, delayMicroseconds: Int = 0,
        stateRequestWindow: Span = .seconds(30), securityCheckWindow: Span = .seconds(300), underTest: Bool = false,
        artifact: ArtifactReference? = nil
    ) {
        self.id = id
        self.intent = intent
        self.flow = flow
        self.epoch = epoch
        self.role = role
        self.directions = directions
        self.tapSocket = tapSocket
        self.dialect = dialect
        self.dialectSecret = dialectSecret
        self.initKey = initKey
        self.attach = attach
        self.priority = priority
        self.dropUnlessTagged = dropUnlessTagged
        self.delayMicroseconds = delayMicroseconds
        self.stateRequestWindow = stateRequestWindow
        self.securityCheckWindow = securityCheckWindow
        self.underTest = underTest
        self.artifact = artifact
    }

    /// Whether this end ever sends in the dialect: the seed's customization server (5.2.4).
    package var sends: Bool { role == .client ? directions.request : directions.response }
    /// Whether this end ever receives the dialect: the seed's customization client.
    package var receives: Bool { role == .client ? directions.response : directions.request }
}

/// A flow of an intent, `INTENT/N`: a client end, a server end, one dialect. The unit of rotation.
package struct FlowName: Identifier {
    package let rawValue: String
    package init(_ rawValue: String) { self.rawValue = rawValue }
}

/// A file by content: never by a name from the network.
package struct ArtifactReference: Hashable, Codable, Sendable {
    package var digest: Digest
    package var bytes: Int
    package init(digest: Digest, bytes: Int) {
        self.digest = digest
        self.bytes = bytes
    }
}

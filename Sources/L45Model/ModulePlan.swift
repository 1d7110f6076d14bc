/// One customization module for one device (seed Table 2.1): made by the compiler, stored, and never changed.
///
/// A value like any other, and cheap to copy: a pass of the reconciler copies modules by the hundred thousand, each of two
/// dozen parts. What it holds lies in one object that nobody ever changes: a change makes another one. So copies that were
/// never changed share it, and are known for equal by that alone.
package struct ModulePlan: Sendable {
    private var storage: Storage

    package var id: ModuleID {
        get { storage.fields.id }
        set { change { $0.id = newValue } }
    }
    package var intent: IntentName {
        get { storage.fields.intent }
        set { change { $0.intent = newValue } }
    }
    /// The flow of the intent that this module serves: both of its ends, on every device, carry the same name.
    package var flow: FlowName {
        get { storage.fields.flow }
        set { change { $0.flow = newValue } }
    }
    package var epoch: Epoch {
        get { storage.fields.epoch }
        set { change { $0.epoch = newValue } }
    }
    package var role: Role {
        get { storage.fields.role }
        set { change { $0.role = newValue } }
    }
    package var directions: Directions {
        get { storage.fields.directions }
        set { change { $0.directions = newValue } }
    }
    package var tapSocket: TapSocket {
        get { storage.fields.tapSocket }
        set { change { $0.tapSocket = newValue } }
    }
    package var dialect: Dialect {
        get { storage.fields.dialect }
        set { change { $0.dialect = newValue } }
    }
    /// Both ends of the flow share it; one per intent, flow and epoch, 32 bytes.
    package var dialectSecret: Secret {
        get { storage.fields.dialectSecret }
        set { change { $0.dialectSecret = newValue } }
    }
    /// `init_key`: known to the orchestrator and this module alone, 32 bytes (256 bit, seed 2.3).
    package var initKey: Secret {
        get { storage.fields.initKey }
        set { change { $0.initKey = newValue } }
    }
    package var attach: AttachMode {
        get { storage.fields.attach }
        set { change { $0.attach = newValue } }
    }
    /// Rank among the modules of one socket when active; higher is tried first. Standby and deprecated rank below all.
    package var priority: Int {
        get { storage.fields.priority }
        set { change { $0.priority = newValue } }
    }
    /// Drop what comes plain, once every sender speaks the dialect.
    package var dropUnlessTagged: Bool {
        get { storage.fields.dropUnlessTagged }
        set { change { $0.dropUnlessTagged = newValue } }
    }
    /// Held back this long before each send, in microseconds, at most 10 s; 0 not at all.
    package var delayMicroseconds: Int {
        get { storage.fields.delayMicroseconds }
        set { change { $0.delayMicroseconds = newValue } }
    }
    /// `state_req_window`: how often the module's statistics are asked for.
    package var stateRequestWindow: Span {
        get { storage.fields.stateRequestWindow }
        set { change { $0.stateRequestWindow = newValue } }
    }
    /// `sec_check_window`: how often the module is challenged.
    package var securityCheckWindow: Span {
        get { storage.fields.securityCheckWindow }
        set { change { $0.securityCheckWindow = newValue } }
    }
    /// Installed but doing nothing: the module attaches and counts, for a test before the real thing (seed 5.2.2).
    package var underTest: Bool {
        get { storage.fields.underTest }
        set { change { $0.underTest = newValue } }
    }
    /// A file that travels with the module, by digest.
    package var artifact: ArtifactReference? {
        get { storage.fields.artifact }
        set { change { $0.artifact = newValue } }
    }

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
        storage = Storage(
            Fields(
                id: id, intent: intent, flow: flow, epoch: epoch, role: role, directions: directions,
                tapSocket: tapSocket, dialect: dialect, dialectSecret: dialectSecret, initKey: initKey, attach: attach,
                priority: priority, dropUnlessTagged: dropUnlessTagged, delayMicroseconds: delayMicroseconds,
                stateRequestWindow: stateRequestWindow, securityCheckWindow: securityCheckWindow, underTest: underTest,
                artifact: artifact))
    }

    /// Whether this end ever sends in the dialect: the seed's customization server (5.2.4).
    package var sends: Bool { role == .client ? directions.request : directions.response }
    /// Whether this end ever receives the dialect: the seed's customization client.
    package var receives: Bool { role == .client ? directions.response : directions.request }

    /// A copy of this very one, so equal; equal ones need not be.
    func isSameObject(as other: ModulePlan) -> Bool { storage === other.storage }

    private mutating func change(_ how: (inout Fields) -> Void) {
        var fields = storage.fields
        how(&fields)
        storage = Storage(fields)
    }

    /// Immutable, so that it may be shared between copies and threads.
    private final class Storage: Sendable {
        let fields: Fields
        init(_ fields: Fields) { self.fields = fields }
    }
}

extension ModulePlan {
    /// What a module's plan holds. The names are those of its JSON, of which digests are made.
    fileprivate struct Fields: Hashable, Codable, Sendable {
        var id: ModuleID
        var intent: IntentName
        var flow: FlowName
        var epoch: Epoch
        var role: Role
        var directions: Directions
        var tapSocket: TapSocket
        var dialect: Dialect
        var dialectSecret: Secret
        var initKey: Secret
        var attach: AttachMode
        var priority: Int
        var dropUnlessTagged: Bool
        var delayMicroseconds: Int
        var stateRequestWindow: Span
        var securityCheckWindow: Span
        var underTest: Bool
        var artifact: ArtifactReference?
    }
}

extension ModulePlan: Hashable {
    package static func == (a: ModulePlan, b: ModulePlan) -> Bool {
        a.storage === b.storage || a.storage.fields == b.storage.fields
    }

    /// Equal plans have equal ids, and different ones hardly ever.
    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension ModulePlan: Codable {
    package init(from decoder: any Decoder) throws { storage = Storage(try Fields(from: decoder)) }
    package func encode(to encoder: any Encoder) throws { try storage.fields.encode(to: encoder) }
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

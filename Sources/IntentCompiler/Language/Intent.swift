package import L45Model

/// An intent, typed: what every phrase of it expands to.
package struct Intent: Hashable, Sendable {
    package var name: IntentName
    /// The devices whose programs open the conversations.
    package var clients: LabelSelector
    /// The devices whose programs answer.
    package var servers: LabelSelector
    /// Item n is flow `NAME/n`.
    package var tags: [TagIntent]
    /// Paths that the clients guard.
    package var guards: [GuardIntent]
    package var rotation: Rotation?
    /// How a new edition goes round; nil: to every device at once.
    package var rollout: RolloutStrategy?
    /// The intent whose flows this one adds to: the two make one module (seed 5.3: a chain is formed by the NCO).
    package var after: IntentName?
    /// Which intents are in force at which level; then it has nothing else to say.
    package var posture: PostureIntent?
    /// The YAML text of its document, byte for byte.
    package var document: String
    package var places: Places

    /// Where its parts stand.
    package struct Places: Hashable, Sendable {
        /// The value of `name:`.
        package var name: SourcePlace
        /// The value of `clients:`; nil when it is left out.
        package var clients: SourcePlace?
        package var servers: SourcePlace?
        package var rotate: SourcePlace?
        /// Of `RolloutStrategy.waves`.
        package var waves: [SourcePlace] = []
        package var deadline: SourcePlace?
        /// The value of `after:`.
        package var after: SourcePlace?
    }

    package func flowName(_ index: Int) -> FlowName { FlowName("\(name)/\(index)") }
}

/// How often an intent's dialects change.
package struct Rotation: Hashable, Codable, Sendable {
    /// A period is 1 s to 365 d.
    package var timing: RotationTiming
    /// The most by which a rotation may be off its time; less than the time between two.
    package var jitter: Span

    package init(_ timing: RotationTiming, jitter: Span = .zero) {
        self.timing = timing
        self.jitter = jitter
    }

    package init(every: Span, jitter: Span = .zero) { self.init(.every(every), jitter: jitter) }

    /// The period; nil: it goes by the calendar.
    package var every: Span? {
        if case .every(let span) = timing { span } else { nil }
    }
}

/// One flow that an intent customizes or watches, with every default filled in.
package struct TagIntent: Hashable, Sendable {
    /// The program that opens the conversation.
    package var application: Application
    package var transport: Transport
    /// The port that the server listens on; nil any.
    package var port: UInt16?
    package var server: Side
    package var client: Side
    package var directions: ModulePlan.Directions
    package var dialect: Dialect
    package var attach: ModulePlan.AttachMode
    /// 1 to 1000, higher first.
    package var priority: Int
    /// Whether the author gave the priority: only then does it order intents that meet on one socket.
    package var priorityIsGiven: Bool
    package var dropUntagged: Bool
    /// Before each send; at most 10 s.
    package var delay: Span
    package var stateWindow: Span
    package var securityWindow: Span
    /// Installed, attached and counting, but customizing nothing (seed 5.2.2).
    package var test: Bool
    /// What a monitor adds to the labels of the flows that its intent comes after; empty: nothing.
    package var addedLabel: String = ""
    package var artifact: ArtifactReference?
    package var place: SourcePlace

    /// One end of the flow, beyond its device selector.
    package struct Side: Hashable, Sendable {
        /// Given by the author; empty: those of the devices selected (server), any (client).
        package var addresses: [AddressBlock]
        /// Server only: the program that answers.
        package var application: Application

        package init(addresses: [AddressBlock] = [], application: Application = .any) {
            self.addresses = addresses
            self.application = application
        }
    }

    /// Defaults of the language; the seed's experiments use 32-byte tags, one before every 1000 bytes of a stream (3.2.2).
    package enum Defaults {
        package static let tagBytes = 32
        package static let frameBytes = 1000
        package static let priority = 100
        package static let stateWindow = Span.seconds(30)
        package static let securityWindow = Span.seconds(300)
    }

    package var isMonitor: Bool { dialect == .monitor }

    /// `dig udp/53`, for messages.
    package var subject: String {
        let program = application.process ?? "any program"
        return "\(program) \(transport.rawValue)/\(port.map(String.init) ?? "any port")"
    }
}

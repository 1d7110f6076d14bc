/// The orchestrator's answer.
package enum APIResponse: Hashable, Sendable {
    case applied(ApplyResult)
    case planned(PlanResult)
    case deleted(DeleteResult)
    case devices([DeviceView])
    case intents([IntentView])
    case modules([ModuleView])
    case rollouts([RolloutView])
    case paths([PathView])
    case posture([PostureView])
    case middleboxes([MiddleboxView])
    case level(LevelResult)
    case alerts([AlertView])
    case events([EventView])
    case trace(TraceView)
    case declared(DeclareResult)
    case inventory([DeclaredDevice])
    case history([IntentStepView])
    case rollout(RolloutResult)
    case token(TokenView)
    case device(DeviceView)
    case forgotten(DeviceID)
    case operatorGranted(OperatorGranted)
    case operators([OperatorView])
    case audit([ChainedAuditEntry])
    case auditVerdict(AuditVerdict)
    case evicted(EvictResult)
    case authority(AuthorityView)
    case sources([SourceView])
    case version(VersionView)
    case failure(APIFailure)
}

extension APIResponse: Codable {
    /// Kinds on the wire. Never renamed within a version.
    package enum Kind: String, Codable, Sendable {
        case applied, deleted, devices, intents, modules, rollouts, events, rollout, token, device, forgotten, version
        case failure, paths, planned, posture, level, alerts, evicted, authority, trace, history
        case declared, inventory, middleboxes
        case operators, audit, sources
        case operatorGranted = "operator-granted"
        case auditVerdict = "audit-verdict"
    }

    private enum Key: String, CodingKey { case api, kind, body }

    package var kind: Kind {
        switch self {
        case .applied: .applied
        case .planned: .planned
        case .deleted: .deleted
        case .devices: .devices
        case .intents: .intents
        case .modules: .modules
        case .rollouts: .rollouts
        case .paths: .paths
        case .posture: .posture
        case .middleboxes: .middleboxes
        case .level: .level
        case .alerts: .alerts
        case .events: .events
        case .trace: .trace
        case .declared: .declared
        case .inventory: .inventory
        case .history: .history
        case .rollout: .rollout
        case .token: .token
        case .device: .device
        case .forgotten: .forgotten
        case .operatorGranted: .operatorGranted
        case .operators: .operators
        case .audit: .audit
        case .auditVerdict: .auditVerdict
        case .evicted: .evicted
        case .authority: .authority
        case .sources: .sources
        case .version: .version
        case .failure: .failure
        }
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let kind = try container.decode(Kind.self, forKey: .kind)
        func body<Body: Decodable>() throws -> Body { try container.decode(Body.self, forKey: .body) }
        switch kind {
        case .applied: self = .applied(try body())
        case .planned: self = .planned(try body())
        case .deleted: self = .deleted(try body())
        case .devices: self = .devices(try body())
        case .intents: self = .intents(try body())
        case .modules: self = .modules(try body())
        case .rollouts: self = .rollouts(try body())
        case .paths: self = .paths(try body())
        case .posture: self = .posture(try body())
        case .middleboxes: self = .middleboxes(try body())
        case .level: self = .level(try body())
        case .alerts: self = .alerts(try body())
        case .events: self = .events(try body())
        case .trace: self = .trace(try body())
        case .declared: self = .declared(try body())
        case .inventory: self = .inventory(try body())
        case .history: self = .history(try body())
        case .rollout: self = .rollout(try body())
        case .token: self = .token(try body())
        case .device: self = .device(try body())
        case .forgotten: self = .forgotten(try body())
        case .operatorGranted: self = .operatorGranted(try body())
        case .operators: self = .operators(try body())
        case .audit: self = .audit(try body())
        case .auditVerdict: self = .auditVerdict(try body())
        case .evicted: self = .evicted(try body())
        case .authority: self = .authority(try body())
        case .sources: self = .sources(try body())
        case .version: self = .version(try body())
        case .failure: self = .failure(try body())
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(APIVersion.current, forKey: .api)
        try container.encode(kind, forKey: .kind)
        switch self {
        case .applied(let body): try container.encode(body, forKey: .body)
        case .planned(let body): try container.encode(body, forKey: .body)
        case .deleted(let body): try container.encode(body, forKey: .body)
        case .devices(let body): try container.encode(body, forKey: .body)
        case .intents(let body): try container.encode(body, forKey: .body)
        case .modules(let body): try container.encode(body, forKey: .body)
        case .rollouts(let body): try container.encode(body, forKey: .body)
        case .paths(let body): try container.encode(body, forKey: .body)
        case .posture(let body): try container.encode(body, forKey: .body)
        case .middleboxes(let body): try container.encode(body, forKey: .body)
        case .level(let body): try container.encode(body, forKey: .body)
        case .alerts(let body): try container.encode(body, forKey: .body)
        case .events(let body): try container.encode(body, forKey: .body)
        case .trace(let body): try container.encode(body, forKey: .body)
        case .declared(let body): try container.encode(body, forKey: .body)
        case .inventory(let body): try container.encode(body, forKey: .body)
        case .history(let body): try container.encode(body, forKey: .body)
        case .rollout(let body): try container.encode(body, forKey: .body)
        case .token(let body): try container.encode(body, forKey: .body)
        case .device(let body): try container.encode(body, forKey: .body)
        case .forgotten(let body): try container.encode(body, forKey: .body)
        case .operatorGranted(let body): try container.encode(body, forKey: .body)
        case .operators(let body): try container.encode(body, forKey: .body)
        case .audit(let body): try container.encode(body, forKey: .body)
        case .auditVerdict(let body): try container.encode(body, forKey: .body)
        case .evicted(let body): try container.encode(body, forKey: .body)
        case .authority(let body): try container.encode(body, forKey: .body)
        case .sources(let body): try container.encode(body, forKey: .body)
        case .version(let body): try container.encode(body, forKey: .body)
        case .failure(let body): try container.encode(body, forKey: .body)
        }
    }
}

/// Intents that are being withdrawn.
package struct DeleteResult: Hashable, Codable, Sendable {
    package var intents: [IntentName]
    package init(intents: [IntentName]) { self.intents = intents }
}

/// A rollout after the operator's hand.
package struct RolloutResult: Hashable, Codable, Sendable {
    package var intent: IntentName
    package var verb: RolloutRequest.Verb
    /// The edition that devices are to speak from now on.
    package var epoch: Epoch
    package var paused: Bool
    /// False when it was so already: a second pause.
    package var changed: Bool
    /// What its schedule does next; nil: it rotates by hand alone.
    package var schedule: ScheduleView?
    /// What else is to be known, a sentence each, such as whose document an undo set aside.
    package var notes: [String]?
    package init(intent: IntentName, verb: RolloutRequest.Verb, epoch: Epoch, paused: Bool, changed: Bool) {
        self.intent = intent
        self.verb = verb
        self.epoch = epoch
        self.paused = paused
        self.changed = changed
    }
}

/// A token, shown once: the orchestrator keeps only its digest.
package struct TokenView: Hashable, Codable, Sendable {
    package var token: String
    package var expiresAt: APITime
    package var labels: [String: String]
    /// Where agents reach the orchestrator, `HOST:PORT`; nil when it does not listen.
    package var orchestrator: String?
    package init(token: String, expiresAt: Timestamp, labels: [String: String], orchestrator: String?) {
        self.token = token
        self.expiresAt = APITime(expiresAt)
        self.labels = labels
        self.orchestrator = orchestrator
    }
}

/// The orchestrator itself.
package struct VersionView: Hashable, Codable, Sendable {
    /// Of the build, `0.1.0`.
    package var version: String
    /// Of the API, `l45/v1`.
    package var api: String
    package var startedAt: APITime
    /// Its state folder.
    package var state: String
    /// Where agents reach it, `HOST:PORT`.
    package var listening: String?
    package init(
        version: String, api: String = APIVersion.current, startedAt: Timestamp, state: String, listening: String?
    ) {
        self.version = version
        self.api = api
        self.startedAt = APITime(startedAt)
        self.state = state
        self.listening = listening
    }
}

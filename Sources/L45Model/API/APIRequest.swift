/// What an operator asks of the orchestrator.
package enum APIRequest: Hashable, Sendable {
    /// Make these the intents. Answer: `.applied`.
    case apply(ApplyRequest)
    /// Say what an apply would do, and prove what can be proved of it. Answer: `.planned`.
    case plan(PlanRequest)
    /// Withdraw intents; their modules go by the phases of a rollout. Answer: `.deleted`.
    case delete(DeleteRequest)
    /// Read. Answer: the views of the kind asked for.
    case get(ResourceQuery)
    /// Read the trail. Answer: `.events`.
    case events(EventQuery)
    /// Steer a rollout. Answer: `.rollout`.
    case rollout(RolloutRequest)
    /// Let one device enrol. Answer: `.token`.
    case createToken(TokenRequest)
    /// Change the operator's labels of a device. Answer: `.device`.
    case setLabels(LabelRequest)
    /// Drop a device that will not come back: no rollout waits for it any more. Answer: `.forgotten`.
    case forgetDevice(DeviceRequest)
    /// Let a device that failed a security check take part again. Answer: `.device`.
    case readmitDevice(DeviceRequest)
    /// Never take a device again. Answer: `.evicted`.
    case evictDevice(EvictRequest)
    /// See the authority of certificates, or change to a new one. Answer: `.authority`.
    case authority(AuthorityRequest)
    /// Go to another level of the posture. Answer: `.level`.
    case setLevel(LevelRequest)
    /// Say which devices files name, and what they are labelled with. Answer: `.declared`.
    case declare(DeclareRequest)
    /// What is declared and labelled. Answer: `.inventory`.
    case inventory
    /// Look one flow up at both of its ends. Answer: `.trace`.
    case trace(TraceRequest)
    /// Read what an intent was before. Answer: `.history`.
    case history(HistoryRequest)
    /// Read alerts. Answer: `.alerts`.
    case alerts(AlertQuery)
    /// Acknowledge or resolve alerts. Answer: `.alerts`, as they are then.
    case handleAlerts(AlertRequest)
    /// Let somebody operate from now on. Answer: `.operatorGranted`.
    case addOperator(OperatorRequest)
    /// Answer: `.operators`.
    case operators
    /// Let somebody operate no more; his open connections end with their next request. Answer: `.operators`, the one removed.
    case removeOperator(OperatorName)
    /// Read the audit trail, oldest first. Answer: `.audit`.
    case audit(AuditQuery)
    /// Look whether the audit trail is whole. Answer: `.auditVerdict`.
    case verifyAudit(AuditCheck)
    /// Follow git repositories, or no more. Answer: `.sources`, the one that it is about.
    case source(SourceRequest)
    /// Answer: `.sources`.
    case sources(SourceQuery)
    /// Answer: `.version`.
    case version
}

/// Intents to be made so, all or none of them.
package struct ApplyRequest: Hashable, Codable, Sendable {
    package var sources: [APISource]
    /// Withdraw every intent that the sources do not name.
    package var prune: Bool
    /// Say what would change, and change nothing.
    package var dryRun: Bool
    /// Change intents that a git source keeps or another manager holds, too; nil: no.
    package var force: Bool?
    /// What applies, by its own word: `l45 apply`, a pipeline's name; nil: it does not say. It holds the documents that it
    /// applies against others, see `FieldManager`.
    package var manager: String?
    /// The inventory beside the intents, taken with them in one piece; nil: there is none.
    package var declares: DeclareRequest?

    /// Of a manager's name.
    package static let managerCharactersMax = 64

    package init(
        sources: [APISource], prune: Bool = false, dryRun: Bool = false, force: Bool = false, manager: String? = nil,
        declares: DeclareRequest? = nil
    ) {
        self.declares = declares
        self.manager = manager
        self.sources = sources
        self.prune = prune
        self.dryRun = dryRun
        self.force = force ? true : nil
    }
}

/// YAML text and where it came from: one or more documents.
package struct APISource: Hashable, Codable, Sendable {
    /// For messages: a path as the operator wrote it, `-` for standard input.
    package var origin: String
    package var text: String
    package init(origin: String, text: String) {
        self.origin = origin
        self.text = text
    }
}

/// Intents to be withdrawn, all or none: a name that is not there is `notFound`.
package struct DeleteRequest: Hashable, Codable, Sendable {
    package var intents: [IntentName]
    /// Those of a git source or of another manager, too; nil: no.
    package var force: Bool?
    /// As of `ApplyRequest`.
    package var manager: String?
    package init(intents: [IntentName], force: Bool = false, manager: String? = nil) {
        self.intents = intents
        self.force = force ? true : nil
        self.manager = manager
    }
}

/// Which resources to read. What is given narrows; nothing given is everything.
package struct ResourceQuery: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        case devices, intents, modules, rollouts, paths, posture, middleboxes
    }
    package var kind: Kind
    /// Devices by name, id or the start of an id that fits one alone; intents by name; modules by id; rollouts by flow;
    /// paths by `INTENT/DESTINATION`, with or without the device in front, or by intent.
    /// A name that stands for nothing is `notFound`, a device name that two devices claim is `conflict`.
    package var names: [String]
    /// Labels that a device must have (devices), or the device of a module or path (modules, paths); intents and rollouts with
    /// modules or paths on such devices.
    package var selector: [String: String]
    /// What else their labels must be, of the same devices; nil: nothing.
    package var requirements: LabelSelector?
    /// Modules and rollouts of this intent alone; none is no error.
    package var intent: IntentName?
    /// Modules of this device alone, named as in `names`.
    package var device: String?

    package init(
        _ kind: Kind, names: [String] = [], selector: [String: String] = [:], intent: IntentName? = nil,
        device: String? = nil
    ) {
        self.kind = kind
        self.names = names
        self.selector = selector
        self.intent = intent
        self.device = device
    }

    /// The same by a selector: one value of a label goes into `selector`, which earlier releases read too.
    package init(
        _ kind: Kind, names: [String] = [], of devices: LabelSelector, intent: IntentName? = nil, device: String? = nil
    ) {
        self.init(kind, names: names, intent: intent, device: device)
        var others: [LabelSelector.Requirement] = []
        for requirement in devices.requirements {
            if case .isOne(let values) = requirement.rule, let value = values.first, values.count == 1,
                selector[requirement.label] == nil
            {
                selector[requirement.label] = value
            } else {
                others.append(requirement)
            }
        }
        requirements = others.isEmpty ? nil : LabelSelector(others)
    }

    /// Whether it asks for labels at all.
    package var selects: Bool { !selector.isEmpty || requirements != nil }

    package func matches(_ labels: [String: String]) -> Bool {
        selector.allSatisfy { labels[$0.key] == $0.value } && requirements?.matches(labels) ?? true
    }
}

/// Which stretch of the trail to read.
package struct EventQuery: Hashable, Codable, Sendable {
    /// Events with a larger id alone, oldest first; nil: the latest `limit`.
    package var after: UInt64?
    /// Of this subject alone, `intent/dns`, `device/3f…`, or below it: `flow/dns` has `flow/dns/0`.
    package var subject: String?
    /// 1 to 1000.
    package var limit: Int

    package init(after: UInt64? = nil, subject: String? = nil, limit: Int = 200) {
        self.after = after
        self.subject = subject
        self.limit = limit
    }
}

/// A hand on the rudder of an intent's rollout.
package struct RolloutRequest: Hashable, Codable, Sendable {
    package enum Verb: String, Hashable, Codable, Sendable, CaseIterable {
        /// Take no further step until resumed.
        case pause
        case resume
        /// Back to the edition before this one.
        case undo
        /// After a halt: go on from where it stopped, with all forgiven that was counted until now.
        case retry
        /// One rotation now: the next edition.
        case rotate
    }
    package var verb: Verb
    package var intent: IntentName
    package init(_ verb: Verb, _ intent: IntentName) {
        self.verb = verb
        self.intent = intent
    }
}

/// A token that enrols one device, once.
package struct TokenRequest: Hashable, Codable, Sendable {
    /// In milliseconds, more than 0.
    package var ttl: Span
    /// Labels that the device gets at enrolment, as the operator's own.
    package var labels: [String: String]
    package init(ttl: Span, labels: [String: String] = [:]) {
        self.ttl = ttl
        self.labels = labels
    }
}

/// A change of the operator's labels of one device.
package struct LabelRequest: Hashable, Codable, Sendable {
    /// Name, id or the start of an id.
    package var device: String
    package var set: [String: String]
    /// Keys to take off.
    package var remove: [String]
    package init(device: String, set: [String: String], remove: [String] = []) {
        self.device = device
        self.set = set
        self.remove = remove
    }
}

/// One device: name, id or the start of an id.
package struct DeviceRequest: Hashable, Codable, Sendable {
    package var device: String
    package init(device: String) { self.device = device }
}

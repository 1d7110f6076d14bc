/// What sort of thing is wrong: a constant of the code, of `a-z 0-9 -`. Programs tell alerts apart by it, so it is never renamed.
package struct AlertKind: Identifier {
    package let rawValue: String
    package init(_ rawValue: String) { self.rawValue = rawValue }
}

extension AlertKind {
    // MARK: Of the monitor, which raises and resolves them by what devices report

    /// One end of a flow customizes, and the other takes no part (seed 2.1.2: active modules are checked at both ends).
    package static let flowOneSided = AlertKind("flow-one-sided")
    /// Messages arrive in a dialect while no device that has it sends any.
    package static let messagesNobodySent = AlertKind("messages-nobody-sent")
    /// A tap runs a module that nobody here knows.
    package static let moduleUnknown = AlertKind("module-unknown")
    /// A tap customizes what it was not told to, or what no intent asks for.
    package static let customizesUnasked = AlertKind("customizes-unasked")
    /// Messages carried an identification of ours and a wrong authenticator or label.
    package static let tagForged = AlertKind("tag-forged")
    /// Messages of an edition that every sender has left.
    package static let epochStale = AlertKind("epoch-stale")
    /// Messages without a tag that is known, at a receiver that drops such.
    package static let tagMissing = AlertKind("tag-missing")
    package static let agentSilent = AlertKind("agent-silent")
    /// Most of the fleet is silent: stands for the `agent-silent` of each.
    package static let fleetSilent = AlertKind("fleet-silent")
    /// A device reports a problem and does not get over it.
    package static let deviceProblem = AlertKind("device-problem")
    package static let tableRefused = AlertKind("table-refused")
    package static let pathTampered = AlertKind("path-tampered")
    package static let rolloutHalted = AlertKind("rollout-halted")
    package static let intentMisfit = AlertKind("intent-misfit")

    /// Those above.
    package static let ofMonitor: Set<AlertKind> = [
        flowOneSided, messagesNobodySent, moduleUnknown, customizesUnasked, tagForged, epochStale, tagMissing,
        agentSilent, fleetSilent, deviceProblem, tableRefused, pathTampered, rolloutHalted, intentMisfit,
    ]

    // MARK: Of others

    /// A module answered its challenge wrongly, or not at all (seed 2.3).
    package static let securityCheckFailed = AlertKind("security-check-failed")
    /// A row of the CIB is not as it was stored.
    package static let cibDamaged = AlertKind("cib-damaged")
    /// A device is connected, and its key opens another connection from elsewhere.
    package static let keyInTwoPlaces = AlertKind("key-in-two-places")
    /// A certificate that was withdrawn, or that another took the place of, was shown.
    package static let certificateWithdrawn = AlertKind("certificate-withdrawn")
    /// Where alerts are delivered to does not take them.
    package static let sinkDown = AlertKind("sink-down")
    /// A git source that is followed does not go on.
    package static let sourceStalled = AlertKind("source-stalled")
    /// There are more open alerts than are kept.
    package static let alertsOverflow = AlertKind("alerts-overflow")
}

extension AlertKind {
    /// The way out, for `l45 describe alert`; nil: the kind is not of this build.
    package var advice: String? {
        switch self {
        case .flowOneSided:
            "see 'l45 get modules' of the flow: is the other end's service up and under the tap, and does a box between take the tag off?"
        case .messagesNobodySent:
            "somebody has the dialect's secret or replays its messages: 'l45 rollout rotate INTENT' makes the old ones useless"
        case .moduleUnknown:
            "the orchestrator takes it off; find out who gave it to the tap, unless the CIB was restored from a backup"
        case .customizesUnasked:
            "the orchestrator repairs it; find out who changed the tap by hand"
        case .tagForged:
            "somebody on the path tries tags or changes tagged messages: look at who sends them, and rotate"
        case .epochStale:
            "a sender still has the old edition: a copy of a device, a replay, or a tapped process that hangs"
        case .tagMissing:
            "a client without the dialect asks this service: enrol it, or find out who it is"
        case .agentSilent: "is the device up, its agent running, and the orchestrator reachable from it?"
        case .fleetSilent: "look at the orchestrator's own network first; nothing moves until most are back"
        case .deviceProblem, .tableRefused: "'l45 describe device' has all that the device says"
        case .pathTampered: "'l45 describe path' shows what was changed; gates stay as they are meanwhile"
        case .rolloutHalted: "'l45 rollout retry INTENT' goes on, 'l45 rollout undo INTENT' goes back"
        case .intentMisfit: "the intent's modules stay as they were; change the intent or the devices' labels"
        case .securityCheckFailed:
            "the module is revoked and its device out of the intent; look at the device before 'l45 readmit'"
        case .cibDamaged: "stop l45 nco and put a backup in its place; somebody may have written to the file"
        case .keyInTwoPlaces:
            "its key was copied, or a machine cloned: 'l45 device evict' and a new token for the machine that is to stay"
        case .certificateWithdrawn:
            "somebody has a copy of an old key, or a machine came back from an old image; enrol that one with a new token"
        case .sinkDown: "nothing is lost yet: what waits is delivered when it is back"
        case .sourceStalled:
            "'l45 describe source' shows why; what was applied last stays in force until a commit that can be taken"
        case .alertsOverflow:
            "'l45 get alerts' shows those that are kept; a rule that raises so many is worth a look itself"
        default: nil
        }
    }
}

/// An intent as operators see it.
package struct IntentView: Hashable, Codable, Sendable {
    package var name: IntentName
    package var revision: Generation
    /// The revision that `ready`, `phase` and `conditions` speak of: the last one that a reconciliation pass has seen.
    package var observedRevision: Generation
    /// The edition of its dialects that devices are to speak.
    package var epoch: Epoch
    package var epochSince: APITime?
    /// How often its dialects rotate, `6h`; nil: only by hand.
    package var rotateEvery: String?
    /// By the calendar, in UTC, `0 3 * * *`.
    package var rotateAt: String?
    package var rotateNext: APITime?
    package var paused: Bool
    /// Withdrawn, its modules not yet all gone.
    package var deleting: Bool
    /// Flows between a client end and a server end, each a rollout of its own.
    package var flows: Int
    /// Devices in scope.
    package var devices: Int
    /// Of these, those whose tap runs what their plan says.
    package var devicesReady: Int
    package var devicesAway: Int
    /// The earliest phase of any of its flows; nil: it has none.
    package var phase: RolloutPhase?
    /// Every tap in scope runs what its plan says. Never true of a revision or an edition that no pass has seen.
    package var ready: Bool
    package var conditions: [Condition]
    package var origin: String
    /// The git source that keeps it, `git/net`; nil: operators do, by hand.
    package var manager: String?
    /// The parts that are written by different hands, each with the last one; nil or a part missing: it is not on record.
    package var owners: [FieldOwner]?
    /// What its schedule does next; nil: it rotates by hand alone.
    package var schedule: ScheduleView?
    /// The YAML document, byte for byte.
    package var source: String

    /// `every 6h`, `at 0 3 * * *`; nil: by hand.
    package var rotates: String? { rotateEvery.map { "every \($0)" } ?? rotateAt.map { "at \($0)" } }

    package func owner(_ field: FieldOwner.Field) -> FieldOwner? { owners?.first { $0.field == field } }

    /// A git source keeps the document, whoever wrote it last.
    package mutating func keep(by source: String, isDrifted: Bool) {
        guard let at = owners?.firstIndex(where: { $0.field == .document }), let hand = owners?[at].owner else {
            let owner = FieldOwner(.document, owner: source, by: nil, since: nil, note: "from \(origin)")
            owners = [owner] + (owners ?? [])
            return
        }
        owners?[at].owner = source
        if isDrifted { owners?[at].note += "\(hand == source ? "" : ", written by '\(hand)'"), not as \(source) says" }
    }

    package init(
        record: IntentRecord, observedRevision: Generation, rotate: RotationTiming?, rotateNext: Timestamp?,
        deleting: Bool = false, flows: Int, devices: Int, devicesReady: Int, devicesAway: Int, phase: RolloutPhase?,
        ready: Bool, conditions: [Condition]
    ) {
        name = record.name
        revision = record.revision
        self.observedRevision = observedRevision
        epoch = record.epoch
        epochSince = APITime(known: record.epochSince)
        switch rotate {
        case .every(let span)?: rotateEvery = "\(span)"
        case .cron(let schedule)?: rotateAt = "\(schedule)"
        case nil: break
        }
        self.rotateNext = APITime(known: rotateNext)
        paused = record.paused
        self.deleting = deleting
        self.flows = flows
        self.devices = devices
        self.devicesReady = devicesReady
        self.devicesAway = devicesAway
        self.phase = phase
        self.ready = ready
        self.conditions = conditions
        origin = record.origin
        source = record.source
    }
}

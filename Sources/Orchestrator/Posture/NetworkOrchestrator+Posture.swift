import IntentCompiler
import Inventory
package import L45Model
import Logging
import Reconciler

// A change of level changes no plan: everything was compiled, checked and installed ahead. What changes is who may send,
// and that goes by the steps of any rollout.
extension NetworkOrchestrator {
    /// The level in force; nil: there is no posture.
    package var postureStanding: PostureStanding? { book.standing }

    func setLevel(_ request: LevelRequest) throws -> LevelResult {
        guard let posture = book.posture, let standing = book.standing else {
            throw APIFailure(
                .notFound, "there is no posture, so there are no levels",
                hint:
                    "apply a document with 'threat level CPCON5' and 'use INTENT from CPCON4', such as intents/threat-level.yaml"
            )
        }
        guard let wanted = request.level ?? standing.previous else {
            throw APIFailure(
                .conflict, "level \(standing.level) is the first one; there is none to go back to",
                hint: "name a level: \(posture.levels.map(\.name.rawValue).joined(separator: ", "))")
        }
        guard let level = posture.level(wanted)?.name else {
            throw APIFailure(
                .notFound, "posture '\(posture.name)' has no level '\(wanted)'",
                hint: PostureCheck.hint(for: wanted, in: posture))
        }
        let time = now()
        let before = fleet.resting
        let changed = !level.isSame(as: standing.level)
        if changed {
            var next = book
            next.setLevel(level, by: author(request.by), now: time)
            try refuseBeyondScope(intents: next.resting.symmetricDifference(book.resting))
            guard let new = next.standing else { throw APIFailure(.internalError, "the level was not set") }
            try inventory.record(new, events: PostureTrail.events(from: standing, to: new, at: time))
            logger.notice(
                "level changed",
                metadata: ["from": "\(standing.level)", "to": "\(level)", "by": "\(request.by)"])
            book = next
            fleet.resting = book.resting
            if let plannedPaths { paths.adopt(book.inForce(plannedPaths)) }
            passAtOnce()
        }
        let moved = before.symmetricDifference(fleet.resting)
        let views = FleetViews(fleet: fleet, book: book, misfits: misfits, paths: paths, now: time)
        return LevelResult(
            posture: posture.name, from: standing.level, to: level, begins: before.subtracting(fleet.resting).sorted(),
            rests: fleet.resting.subtracting(before).sorted(), devices: views.devices(of: moved),
            setBefore: standing.author,
            changed: changed)
    }

    /// What a client on this machine says of itself stands; of others it is known who they are.
    func author(_ claimed: String) -> String {
        let caller = OperatorCall.current.caller
        return caller.means == .process || caller.name.hasPrefix("uid ") ? claimed : caller.name
    }

    /// Notes when the last tap has confirmed a level: the time to posture.
    func followPosture(_ time: Timestamp) throws {
        guard var standing = book.standing, standing.reachedAt == nil, let members = book.posture?.members else {
            return
        }
        // What is on its way anyhow need not be counted.
        let isUnderWay = fleet.statuses.values.contains {
            members.contains($0.intent) && $0.course == nil && $0.phase < .deprecate
        }
        guard !isUnderWay else { return }
        let followers = Reconciler.followers(fleet.snapshot, of: members, now: time)
        guard followers.laggards.isEmpty else { return }
        standing.reachedAt = max(time, standing.since)
        try inventory.record(
            standing,
            events: [
                Event(
                    at: time, subject: "posture/\(standing.posture)", message: "level reached",
                    facts: [
                        "level": "\(standing.level)", "took": "\(standing.took ?? .zero)",
                        "devices": "\(followers.devices)",
                    ])
            ])
        book.standing = standing
    }

    /// Without its posture every intent is in force: that is nothing to come about by the way.
    /// - Throws: `conflict`.
    func refuseRelease(_ next: IntentBook) throws(APIFailure) {
        guard let standing = book.standing, next.postureIntent == nil else { return }
        let freed = book.resting.intersection(next.records.keys).sorted()
        guard !freed.isEmpty else { return }
        let names = freed.prefix(6).map(\.rawValue).joined(separator: ", ") + (freed.count > 6 ? ", ..." : "")
        throw APIFailure(
            .conflict,
            "without posture '\(standing.posture)' the intents that rest at \(standing.level) would come into force: \(names)",
            hint: "delete them with it, or go to a level first that has them in force")
    }

    /// Intents that rested and that no level names any more.
    func releaseWarnings(_ next: IntentBook) -> [String] {
        guard let posture = next.posture, let intent = next.postureIntent else { return [] }
        let origin = next.records[intent.name]?.origin ?? ""
        return book.resting.intersection(next.records.keys).subtracting(posture.members).sorted().map {
            "\(origin): warning: no level names intent '\($0)' any more, so it comes into force at every level"
        }
    }
}

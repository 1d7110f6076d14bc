import ControlChannel
import Inventory
import L45Model
import Logging
import Reconciler

// Keyed integrity: keys to the two ends of each path and to nobody else, and what the two say of single exchanges.
extension NetworkOrchestrator {
    func pathKeysHeld(_ tag: String, by id: DeviceID) {
        guard let keys = pathKeys.held(id, tag: tag) else { return }
        for event in trusts.confirmed(keys, now: now()) { note(event) }
        stir()
    }

    func received(_ exchanges: PathExchanges, from id: DeviceID) {
        if exchanges.leftOut > 0 {
            logger.debug(
                "exchanges left out", metadata: ["device": "\(id)", "count": "\(exchanges.leftOut)"])
        }
        let desk = pathKeys
        let findings = witness.told(exchanges, by: id) { place, opens in
            desk.mayTell(of: place, device: id, opens: opens)
        }
        for finding in findings {
            for event in trusts.compared(finding, now: now()) { note(event) }
        }
        if !findings.isEmpty { stir() }
    }

    /// What is known is in the CIB before a key is decided on it, and a key never is: it is derived.
    func carryOutPathKeys(_ time: Timestamp) throws {
        if pathKeys.isStale {
            let places = Set(
                paths.devices.flatMap { id, device in
                    (device.table?.paths ?? []).map { PathTrust.Place(id, $0.name) }
                })
            trusts.keepOnly(places)
            witness.keepOnly(places)
        }
        let changes = trusts.changes
        try inventory.record(trusts: changes.trusts, forgotten: changes.gone)
        trusts.stored()
        let due = try pathKeys.due(
            paths.devices, signed: { trusts.signed }, names: { fleet.devices.mapValues(\.device.facts.name) },
            now: time)
        for keys in due {
            guard let session = sessions[keys.device], let server else { continue }
            do {
                try server.send(.pathKeys(keys), to: session)
            } catch {
                logger.error("path keys not sent", metadata: ["device": "\(keys.device)", "error": "\(error)"])
            }
            pathKeys.sent(keys.device, now: time)
        }
    }

    /// The fleet as operators see it now.
    var views: FleetViews {
        let covered = OperatorCall.current.devices
        var views = FleetViews(
            fleet: fleet.restricted(to: covered), book: book, misfits: misfits, paths: paths.restricted(to: covered),
            trusts: trusts, keys: pathKeys, checks: checks, now: now())
        views.declared = declared
        views.standings = standings
        return views
    }
}

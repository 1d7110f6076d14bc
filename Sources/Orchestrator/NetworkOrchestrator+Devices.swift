import ControlChannel
import Inventory
import L45Model
import Logging
import NIOCore
import Reconciler
import Synchronization

// What comes over the device channel.
extension NetworkOrchestrator {
    func takeEvents(of server: ChannelServer) async {
        for await event in server.events {
            switch event {
            case .connected(let session, let device, let hello): connected(session, device, hello)
            case .message(let session, let device, let message): received(message, from: device, session)
            case .disconnected(let session, let device, let reason): disconnected(session, device, reason)
            }
        }
    }

    /// A device that said hello and is not yet in the CIB by this connection.
    struct Arrival {
        let session: SessionID
        let hello: AgentHello
        let at: Timestamp
    }

    private func connected(_ session: SessionID, _ id: DeviceID, _ hello: AgentHello) {
        // Its operator may have forgotten it while it was on its way here.
        guard !access.withLock({ $0.devices.contains(id) }) else {
            server?.disconnect(session, ChannelRefusal(.deviceNotAllowed, "the device's access was withdrawn"))
            return
        }
        sessions[id] = session
        // What an earlier connection reported says nothing of this one.
        reports[id] = nil
        pathReports[id] = nil
        arrivals[id] = Arrival(session: session, hello: hello, at: now())
        stir()
    }

    /// Checks in all that arrived since the pass before, in one transaction: after an outage of ours the fleet comes at once.
    func admitArrivals() throws {
        guard !arrivals.isEmpty else { return }
        let batch = arrivals
        let changed = try inventory.checkIn(batch.map { Device(id: $0.key, facts: $0.value.hello.facts) }, at: now())
        for (id, arrival) in batch {
            arrivals[id] = nil
            do {
                try admit(id, arrival, changed: changed.contains(id))
            } catch {
                // It connects again, and is checked in again then.
                logger.error("device not admitted", metadata: ["device": "\(id)", "error": "\(error)"])
                server?.disconnect(
                    arrival.session, ChannelRefusal(.unavailable, "the check-in could not be carried out: \(error)"))
            }
        }
    }

    private func admit(_ id: DeviceID, _ arrival: Arrival, changed: Bool) throws {
        let known = fleet.devices[id]?.device
        // As the CIB has it: the operator's own labels win over the agent's.
        guard let device = changed || known == nil ? try inventory.device(id)?.device : known else { return }
        if fleet.connected(device, ledger: arrival.hello.ledgerGeneration, now: arrival.at) { plansAreStale = true }
        paths.connected(device, kept: arrival.hello.pathGeneration)
        pathKeys.connected(id, tag: arrival.hello.pathKeysTag)
        if let certificate = server?.certificate(of: arrival.session) {
            showed(id, certificate, trusts: arrival.hello.trusts)
        }
        // A line that took over from another that was not seen to end.
        carryOut(checks.disconnected(id, fleet, now: arrival.at), arrival.at)
        checks.connected(id, answersChallenges: arrival.hello.answersChallenges)
        alerts.reportsEvery[id] = reportEvery(of: id)
        try server?.send(.welcome(id, reportEvery: reportEvery(of: id)), to: arrival.session)
        note(
            Event(
                at: arrival.at, subject: "device/\(id)", message: "device connected",
                facts: ["name": device.facts.name, "ledger": "\(arrival.hello.ledgerGeneration)"]))
    }

    private func disconnected(_ session: SessionID, _ id: DeviceID, _ reason: String) {
        guard sessions[id] == session else { return }
        let time = now()
        sessions[id] = nil
        arrivals[id] = nil
        carryOut(checks.disconnected(id, fleet, now: time), time)
        alerts.reportsEvery[id] = nil
        fleet.disconnected(id, now: time)
        paths.disconnected(id)
        pathKeys.disconnected(id)
        note(
            Event(
                at: time, severity: .warning, subject: "device/\(id)", message: "device away",
                facts: ["reason": reason]))
    }

    private func received(_ message: AgentMessage, from id: DeviceID, _ session: SessionID) {
        guard sessions[id] == session else { return }
        switch message {
        case .hello: break
        case .report(var report):
            report.device = id
            record(report)
        case .refused(let generation, let reason):
            fleet.refused(id, generation, reason: reason)
            logger.warning(
                "device refused a table",
                metadata: ["device": "\(id)", "generation": "\(generation)", "reason": "\(reason)"])
            note(
                Event(
                    at: now(), severity: .warning, subject: "device/\(id)", message: "table refused",
                    facts: ["generation": "\(generation)", "reason": reason]))
        case .event(var event):
            // What a device says is about that device, whatever it calls it.
            event.subject = Self.subject(event, of: id)
            note(event)
        case .paths(let report): received(report, from: id)
        case .pathKeysHeld(let tag): pathKeysHeld(tag, by: id)
        case .pathExchanges(let exchanges): received(exchanges, from: id)
        case .moduleAnswer(let answer): received(answer, from: id)
        case .trustHeld(let trusts):
            if let certificate = server?.certificate(of: session) { showed(id, certificate, trusts: trusts) }
        case .artifactWanted(let reference, let offset):
            sendArtifact(reference, from: offset, to: session)
        }
    }

    private func sendArtifact(_ reference: ArtifactReference, from offset: Int, to session: SessionID) {
        do {
            guard let artifact = try artifacts.artifact(reference, in: inventory) else {
                try server?.send(.artifactMissing(reference), to: session)
                return
            }
            server?.send(artifact, from: offset, to: session)
        } catch {
            logger.error("artifact not sent", metadata: ["digest": "\(reference.digest)", "error": "\(error)"])
        }
    }
}

import ControlChannel
import Inventory
package import L45Model
import Logging
import Reconciler
import Synchronization

// Peers that did not become sessions, and devices that may be sessions no more.
extension NetworkOrchestrator {
    func noticed(_ notice: ChannelNotice) {
        let time = now()
        switch notice {
        case .contested(let device, let heldFrom, let refused):
            note(
                Event(
                    at: time, severity: .warning, subject: "device/\(device)",
                    message: "device key in use at two places",
                    facts: ["connected": heldFrom, "refused": refused, "name": name(of: device)]))
            raise(
                AlertFinding(
                    .keyInTwoPlaces, .device(device), .critical,
                    expected: "device \(name(of: device)) at \(heldFrom) alone, where it lives",
                    seen: "a connection with its key from \(refused), which was refused"))
        case .refused(let peer):
            let subject = peer.device.map { "device/\($0)" } ?? "channel/\(peer.address)"
            // A certificate that another took the place of is shown by who copied its key before.
            let isAlarming = peer.code == .certificateRevoked || (peer.code == .deviceNotAllowed && peer.device != nil)
            note(
                Event(
                    at: time, severity: .warning, subject: subject,
                    message: isAlarming ? "withdrawn certificate shown" : "connection refused",
                    facts: [
                        "from": peer.address, "code": peer.code.rawValue, "reason": peer.reason,
                        "count": "\(peer.count)",
                    ]))
            guard isAlarming, let device = peer.device else { return }
            raise(
                AlertFinding(
                    .certificateWithdrawn, .device(device), .critical,
                    expected: "nobody uses a certificate that was withdrawn",
                    seen: "\(peer.count) connection\(peer.count == 1 ? "" : "s") from \(peer.address): \(peer.reason)"))
        }
    }

    /// Whether the device is connected and answers a question that is put to it now.
    package func isAlive(_ device: DeviceID) async -> Bool {
        guard let session = sessions[device], let server else { return false }
        return await server.isAlive(session)
    }

    private func name(of device: DeviceID) -> String { fleet.devices[device]?.device.facts.name ?? "" }

    /// Never to be taken again: its certificates and keys are withdrawn, its connection is closed, and its modules go as those of
    /// a device that is forgotten.
    func evict(_ request: EvictRequest) throws -> EvictResult {
        let device = try views.device(request.device)
        let (id, name) = (device.id, device.facts.name)
        AuditSlot.current?.name(["device/\(id)"])
        let time = now()
        let serials = try inventory.evict(id, name: name, reason: request.reason, at: time)
        access.withLock { $0.serials.formUnion(serials) }
        let wasConnected = leave(id, ChannelRefusal(.deviceNotAllowed, "the device was evicted by its operator"))
        note(
            Event(
                at: time, severity: .warning, subject: "device/\(id)", message: "device evicted",
                facts: [
                    "name": name, "reason": request.reason, "certificates": "\(serials.count)",
                    "connected": "\(wasConnected)",
                ]))
        plansAreStale = true
        passAtOnce()
        return EvictResult(device: id, name: name, certificates: serials, wasConnected: wasConnected)
    }

    /// Out of everything that is held of devices in memory, its connection first.
    /// - Returns: whether it was connected.
    func leave(_ id: DeviceID, _ refusal: ChannelRefusal) -> Bool {
        _ = access.withLock { $0.devices.insert(id) }
        arrivals[id] = nil
        reports[id] = nil
        pathReports[id] = nil
        asks.forget(id)
        checks.forget(id)
        unstoredDistrusts = unstoredDistrusts.filter { $0.key.device != id }
        certificates[id] = nil
        certificatesShown[id] = nil
        renewalAsked[id] = nil
        trustDue.remove(id)
        authorityMoved = true
        let session = sessions.removeValue(forKey: id)
        if let session { server?.disconnect(session, refusal) }
        fleet.forget(id)
        paths.forget(id)
        pathKeys.forget(id)
        return session != nil
    }
}

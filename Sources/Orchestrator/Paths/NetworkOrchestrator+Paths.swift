import ControlChannel
import Inventory
import L45Model
import Logging
import Reconciler

// Guarded paths: what devices say of them, and what they are told.
extension NetworkOrchestrator {
    func received(_ report: PathReport, from id: DeviceID) {
        var report = report
        report.device = id
        pathReports[id] = report
        stir()
    }

    /// What arrived is recorded before it is decided on, as with the reports of the taps.
    func recordPaths() throws {
        guard !pathReports.isEmpty else { return }
        try inventory.record(Array(pathReports.values))
        let time = now()
        for report in pathReports.values {
            paths.reported(report)
            for event in trusts.reported(report, now: time) { note(event) }
        }
        pathReports.removeAll(keepingCapacity: true)
    }

    /// A table is in the CIB before it is sent.
    func carryOutPaths(_ time: Timestamp) throws {
        let paused = Set(book.records.values.filter(\.paused).map(\.name))
        let actions = PathStep.step(paths.devices, paused: paused, now: time)
        let tables = actions.compactMap { if case .decide(let table) = $0 { table } else { nil } }
        if !tables.isEmpty { try inventory.decide(tables) }
        for table in tables {
            paths.decided(table)
            pathKeys.stale()
            logger.debug(
                "paths decided", metadata: ["device": "\(table.device)", "generation": "\(table.generation)"])
        }
        for action in actions {
            switch action {
            case .decide: continue
            case .send(let id, _): sendPaths(to: id, time)
            case .confirm(let id, let path, let gates):
                if let session = sessions[id] { try? server?.send(.farGatesHeld(path, gates), to: session) }
            }
        }
    }

    private func sendPaths(to id: DeviceID, _ time: Timestamp) {
        guard let session = sessions[id], let table = paths.devices[id]?.table, let server else { return }
        do {
            try server.send(.setPaths(table), to: session)
        } catch {
            logger.error("path table not sent", metadata: ["device": "\(id)", "error": "\(error)"])
            note(
                Event(
                    at: time, severity: .warning, subject: "device/\(id)", message: "path table not sent",
                    facts: ["generation": "\(table.generation)", "error": "\(error)"]))
        }
        // One that can not be sent is not tried at every pass.
        paths.sent(id, now: time)
    }

    /// Events that a device sends of its paths keep their subject, under the device's own name.
    static func subject(_ event: Event, of id: DeviceID) -> String {
        let prefix = "path/"
        guard event.subject.hasPrefix(prefix) else { return "device/\(id)" }
        return "\(prefix)\(id)/\(event.subject.dropFirst(prefix.count))"
    }
}

import Inventory
package import L45Model
import Logging

// Alerts: what is wrong, kept until it is over. One call raises one, one resolves it.
extension NetworkOrchestrator {
    /// One more occasion of what was found: a new alert, or a count that goes up where one of its kind and subject is open.
    ///
    /// It is in the CIB with the next pass, and goes to the sinks from there.
    package func raise(_ finding: AlertFinding) {
        for event in alerts.book.raise(finding, now: now()) { note(event) }
        logger.warning(
            "alert",
            metadata: [
                "kind": "\(finding.kind)", "about": "\(finding.subject)", "expected": "\(finding.expected)",
                "seen": "\(finding.seen)",
            ])
        stir()
    }

    /// It is over. Nothing happens where no such alert is open.
    package func resolve(_ kind: AlertKind, _ subject: AlertSubject, why: String) {
        for event in alerts.book.resolve(AlertKey(kind, subject), why: why, now: now()) { note(event) }
        stir()
    }

    /// Into the CIB, and then to whoever is told.
    func storeAlerts() throws {
        let changes = alerts.book.changes
        guard !changes.alerts.isEmpty || !changes.news.isEmpty else { return }
        try inventory.record(alerts: changes.alerts, news: changes.news)
        alerts.book.stored()
        if !changes.news.isEmpty { alerts.bell.ring() }
        resumeAlertWaiters()
    }

    /// What an operator's request, or a pass, ran into.
    func found(_ error: InventoryError) {
        guard case .damaged(_, let detail) = error else { return }
        raise(.damage(detail))
    }

    // MARK: Operators

    func alerts(_ query: AlertQuery) throws -> [AlertView] {
        try storeAlerts()
        let views = views
        if !query.ids.isEmpty { return try query.ids.map { try view(known($0), views) } }
        let device = try query.device.map { try views.device($0).id }
        let asked: (Alert) -> Bool = { alert in
            query.states.contains(alert.state) && alert.severity >= query.severity
                && (query.kind ?? alert.kind) == alert.kind && (device == nil || alert.subject.device == device)
        }
        let limit = min(max(query.limit, 1), 1000)
        var found = alerts.book.open.values.filter(asked)
        if query.states.contains(.resolved) {
            // Filters leave some of them, so that all are read: their number is bounded.
            found += try inventory.latestAlerts(Inventory.resolvedAlertsMax, states: [.resolved]).filter(asked)
        }
        return found.sorted { $0.id < $1.id }.suffix(limit).map { view($0, views) }
    }

    func handle(_ request: AlertRequest) throws -> [AlertView] {
        guard !request.ids.isEmpty else { throw APIFailure(.badInput, "no alert is named", hint: "'l45 get alerts'") }
        guard request.note.map({ $0.utf8.count <= Alert.textBytesMax }) ?? true else {
            throw APIFailure(.badInput, "the note is longer than \(Alert.textBytesMax) bytes")
        }
        for alert in try request.ids.map({ try known($0) }) where alert.state == .resolved {
            let when = alert.resolvedAt.map { " at \($0.rfc3339)" } ?? ""
            throw APIFailure(
                .conflict, "alert \(alert.id) was resolved\(when): \(alert.resolution ?? "")",
                hint: "leave it out; none of the alerts named was changed")
        }
        if let covered = OperatorCall.current.devices {
            let call = OperatorCall.current
            for id in request.ids where alerts.book[id]?.subject.device.map({ !covered.contains($0) }) ?? true {
                throw APIFailure(
                    .notPermitted,
                    "alert \(id) is of no device within \(call.caller.scope), the scope of '\(call.caller.name)'; "
                        + "nothing was changed")
            }
        }
        let time = now()
        let by = author(request.by)
        var after: [Alert] = []
        for id in request.ids {
            guard let alert = alerts.book[id] else { continue }
            switch request.verb {
            case .acknowledge:
                guard let done = alerts.book.acknowledge(id, by: by, note: request.note, now: time) else {
                    continue
                }
                for event in done.events { note(event) }
                after.append(done.alert)
            case .resolve:
                let why = "by \(by)" + (request.note.map { ": \($0)" } ?? "")
                for event in alerts.book.resolve(alert.key, why: why, now: time) { note(event) }
                after += alerts.book.changes.alerts.filter { $0.id == id }
            }
        }
        try storeAlerts()
        let views = views
        return after.map { view($0, views) }
    }

    private func known(_ id: AlertID) throws -> Alert {
        guard let alert = try alerts.book[id] ?? inventory.alert(id) else {
            throw APIFailure(
                .notFound, "there is no alert \(id)",
                hint: "'l45 get alerts --state all' lists those that are kept; the oldest resolved ones are not")
        }
        return alert
    }

    private func view(_ alert: Alert, _ views: FleetViews) -> AlertView {
        AlertView(alert, deviceName: alert.subject.device.flatMap { views.names[$0] })
    }
}

extension AlertFinding {
    /// - Parameter row: `the intent 'dns'`.
    static func damage(_ row: String) -> AlertFinding {
        AlertFinding(
            .cibDamaged, AlertSubject(other: "cib/\(Alert.cut(row))"), .critical,
            expected: "rows of the CIB as they were stored", seen: "\(row) is another")
    }
}

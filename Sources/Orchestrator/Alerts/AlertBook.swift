package import Inventory
package import L45Model

/// Alerts that are not resolved, and what of them the CIB does not have yet. A value: time comes in, events go out.
package struct AlertBook: Sendable {
    /// Not resolved.
    package private(set) var open: [AlertKey: Alert] = [:]
    private var keys: [AlertID: AlertKey] = [:]
    private var lastID: UInt64
    private var lastPlace: UInt64
    private var unstored: Set<AlertKey> = []
    /// Resolved since the last storing.
    private var ended: [Alert] = []
    private var news: [AlertNews] = []

    /// Alerts that are open at a time; more are counted by one of kind `alerts-overflow` for each kind.
    package static let openMax = 10_000
    /// While the CIB can not be written, the newest of this many are kept.
    private static let waitingMax = 10_000
    /// A state that lasts is written down again after this long.
    private static let touchAfter = Span.seconds(60)

    package init(_ stored: StoredAlerts = StoredAlerts()) {
        lastID = stored.lastID
        lastPlace = stored.lastPlace
        for alert in stored.unresolved {
            open[alert.key] = alert
            keys[alert.id] = alert.key
        }
    }

    package subscript(id: AlertID) -> Alert? { keys[id].flatMap { open[$0] } }

    // MARK: What is found

    /// One more occasion.
    package mutating func raise(_ finding: AlertFinding, now: Timestamp) -> [Event] {
        guard var alert = open[finding.key] else { return begin(finding, now) }
        alert.count += alert.count == .max ? 0 : 1
        alert.lastSeen = max(alert.lastSeen, now)
        alert.expected = Alert.cut(finding.expected)
        alert.seen = Alert.cut(finding.seen)
        return put(alert, finding.severity, now)
    }

    /// It is over. Nothing happens where it is not there.
    package mutating func resolve(_ key: AlertKey, why: String, now: Timestamp) -> [Event] {
        guard var alert = open.removeValue(forKey: key) else { return [] }
        keys[alert.id] = nil
        unstored.remove(key)
        alert.state = .resolved
        alert.resolvedAt = now
        alert.resolution = Alert.cut(why)
        ended.append(alert)
        if ended.count > Self.waitingMax { ended.removeFirst(ended.count - Self.waitingMax) }
        tell(.resolved, alert, now)
        return [event("alert resolved", alert, now, ["why": alert.resolution ?? ""], .info)]
    }

    /// Everything that is so now, of these kinds: what is new is raised, what says something new is one more occasion, what is
    /// gone is resolved if `isOver` says why.
    package mutating func hold(
        _ findings: [AlertFinding], of kinds: Set<AlertKind>, now: Timestamp, isOver: (Alert) -> String?
    ) -> [Event] {
        var events: [Event] = []
        var present: Set<AlertKey> = []
        for finding in findings {
            present.insert(finding.key)
            guard let alert = open[finding.key] else {
                events += begin(finding, now)
                continue
            }
            if alert.seen != Alert.cut(finding.seen) || alert.severity < finding.severity {
                events += raise(finding, now: now)
            } else if now - alert.lastSeen >= Self.touchAfter {
                open[finding.key]?.lastSeen = now
                unstored.insert(finding.key)
            }
        }
        for alert in open.values.filter({ kinds.contains($0.kind) && !present.contains($0.key) }).sorted(by: {
            $0.id < $1.id
        }) {
            if let why = isOver(alert) { events += resolve(alert.key, why: why, now: now) }
        }
        return events
    }

    private mutating func begin(_ finding: AlertFinding, _ now: Timestamp) -> [Event] {
        guard open.count < Self.openMax || finding.kind == .alertsOverflow else {
            return raise(
                AlertFinding(
                    .alertsOverflow, AlertSubject(other: "kind/\(finding.kind)"), .critical,
                    expected: "at most \(Self.openMax) open alerts",
                    seen: "more; the last that is not kept: \(finding.key): \(finding.seen)"), now: now)
        }
        lastID += 1
        let alert = Alert(AlertID(lastID), finding, at: now)
        open[alert.key] = alert
        keys[alert.id] = alert.key
        unstored.insert(alert.key)
        tell(.opened, alert, now)
        return [event("alert opened", alert, now, ["expected": alert.expected, "seen": alert.seen], nil)]
    }

    private mutating func put(_ new: Alert, _ severity: AlertSeverity, _ now: Timestamp) -> [Event] {
        var alert = new
        let isWorse = alert.severity < severity
        alert.severity = max(alert.severity, severity)
        open[alert.key] = alert
        unstored.insert(alert.key)
        guard isWorse else { return [] }
        tell(.worsened, alert, now)
        return [event("alert worsened", alert, now, ["seen": alert.seen], nil)]
    }

    // MARK: What operators say

    /// - Returns: the alert as it is now, and whether that is news; nil when no such alert is open.
    package mutating func acknowledge(
        _ id: AlertID, by: String, note: String?, now: Timestamp
    ) -> (alert: Alert, events: [Event])? {
        guard let key = keys[id], var alert = open[key] else { return nil }
        let note = note.map(Alert.cut)
        guard alert.state == .open || (note != nil && note != alert.note) else { return (alert, []) }
        alert.state = .acknowledged
        alert.acknowledgedBy = Alert.cut(by)
        alert.acknowledgedAt = now
        alert.note = note ?? alert.note
        open[key] = alert
        unstored.insert(key)
        tell(.acknowledged, alert, now)
        var facts = ["by": alert.acknowledgedBy ?? ""]
        facts["note"] = alert.note
        return (alert, [event("alert acknowledged", alert, now, facts, .info)])
    }

    // MARK: For the CIB

    package var changes: (alerts: [Alert], news: [AlertNews]) {
        (ended + unstored.compactMap { open[$0] }.sorted { $0.id < $1.id }, news)
    }

    package mutating func stored() {
        unstored.removeAll(keepingCapacity: true)
        ended.removeAll(keepingCapacity: true)
        news.removeAll(keepingCapacity: true)
    }

    private mutating func tell(_ what: AlertNews.What, _ alert: Alert, _ now: Timestamp) {
        lastPlace += 1
        news.append(AlertNews(place: lastPlace, at: now, what: what, alert: alert))
        if news.count > Self.waitingMax { news.removeFirst(news.count - Self.waitingMax) }
    }

    private func event(
        _ message: String, _ alert: Alert, _ now: Timestamp, _ more: [String: String], _ severity: Event.Severity?
    ) -> Event {
        var facts = more
        facts["kind"] = "\(alert.kind)"
        facts["about"] = "\(alert.subject)"
        let grade: Event.Severity =
            switch alert.severity {
            case .notice: .info
            case .warning: .warning
            case .critical: .alert
            }
        return Event(
            at: now, severity: severity ?? grade, subject: "alert/\(alert.id)", message: message, facts: facts)
    }
}

package import L45Model

/// What a sink is told.
package enum AlertMessage: Hashable, Sendable {
    case news(AlertNews)
    /// So many more of this kind came than it is told in a window.
    case heldBack(AlertKind, count: UInt64, since: Timestamp, last: AlertID?)
    /// So many were gone from the list before it could be told.
    case missed(count: UInt64)
}

/// A message as webhooks and commands get it, in JSON.
package struct AlertDelivery: Hashable, Codable, Sendable {
    package enum What: String, Hashable, Codable, Sendable {
        case opened, worsened, acknowledged, resolved
        case heldBack = "held-back"
        case missed
    }

    package var api: String
    package var what: What
    package var at: APITime
    /// Its place in the list, the same when it is told again: whoever has it may leave it out. nil: a summary.
    package var place: UInt64?
    package var alert: AlertView?
    /// Of summaries: how many are not told, and of which kind.
    package var count: UInt64?
    package var kind: AlertKind?
    /// One sentence for people.
    package var text: String

    package init(_ message: AlertMessage, deviceName: String?, now: Timestamp) {
        api = APIVersion.current
        switch message {
        case .news(let news):
            what = What(news.what)
            at = APITime(news.at)
            place = news.place
            let view = AlertView(news.alert, deviceName: deviceName)
            alert = view
            kind = view.kind
            text = Self.text(news.what, view)
        case .heldBack(let kind, let count, let since, let last):
            what = .heldBack
            at = APITime(now)
            self.count = count
            self.kind = kind
            let latest = last.map { ", the last of alert \($0)" } ?? ""
            text = "\(count) more suppressed of kind \(kind) since \(since.rfc3339)\(latest); 'l45 get alerts' has them"
        case .missed(let count):
            what = .missed
            at = APITime(now)
            self.count = count
            text =
                "\(count) messages are lost: more came while this sink did not take any than are kept for it; "
                + "'l45 get alerts' has what is wrong now"
        }
    }

    /// Of a summary that of the kinds that are worth a look.
    package var severity: AlertSeverity { alert?.severity ?? .warning }

    private static func text(_ what: AlertNews.What, _ alert: AlertView) -> String {
        let head = "\(alert.severity.rawValue) alert \(alert.id) \(alert.kind) \(what.rawValue): \(alert.about)"
        switch what {
        case .opened, .worsened: return "\(head): expected \(alert.expected); seen \(alert.seen)"
        case .acknowledged:
            return "\(head): by \(alert.acknowledgedBy ?? "somebody")" + (alert.note.map { ": \($0)" } ?? "")
        case .resolved: return "\(head): \(alert.resolution ?? "")"
        }
    }
}

extension AlertDelivery.What {
    init(_ what: AlertNews.What) {
        switch what {
        case .opened: self = .opened
        case .worsened: self = .worsened
        case .acknowledged: self = .acknowledged
        case .resolved: self = .resolved
        }
    }
}

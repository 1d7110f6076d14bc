import L45Model

/// Rates from reports: each module's last two, of different times. Pure.
struct TopLedger: Sendable {
    struct Sample: Hashable, Sendable {
        var at: Timestamp
        var counts: ModuleStatistics
    }

    struct Rates: Hashable, Codable, Sendable {
        /// A second, both directions added up where not said otherwise.
        var messagesSent = 0.0
        var messagesReceived = 0.0
        var bytesSent = 0.0
        var bytesReceived = 0.0
        var messages: Double { messagesSent + messagesReceived }
        var bytes: Double { bytesSent + bytesReceived }

        static func + (a: Rates, b: Rates) -> Rates {
            Rates(
                messagesSent: a.messagesSent + b.messagesSent,
                messagesReceived: a.messagesReceived + b.messagesReceived,
                bytesSent: a.bytesSent + b.bytesSent, bytesReceived: a.bytesReceived + b.bytesReceived)
        }
    }

    private struct Pair { var before: Sample?; var last: Sample }
    private var modules: [ModuleID: Pair] = [:]

    /// Takes what devices last reported; a report that is known already changes nothing.
    mutating func take(_ views: [ModuleView], _ devices: [DeviceView]) {
        let reports = Dictionary(devices.map { ($0.id, $0.lastReport) }, uniquingKeysWith: { first, _ in first })
        let present = Set(views.map(\.id))
        modules = modules.filter { present.contains($0.key) }
        for view in views where view.reported != nil {
            guard let at = (reports[view.device] ?? nil)?.timestamp else { continue }
            let sample = Sample(at: at, counts: view.statistics)
            guard let pair = modules[view.id] else {
                modules[view.id] = Pair(before: nil, last: sample)
                continue
            }
            if sample.at > pair.last.at { modules[view.id] = Pair(before: pair.last, last: sample) }
        }
    }

    /// nil: only one report came so far.
    func rates(_ id: ModuleID) -> Rates? {
        guard let pair = modules[id], let before = pair.before else { return nil }
        let seconds = Double((pair.last.at - before.at).milliseconds) / 1000
        guard seconds > 0 else { return nil }
        // A counter that goes back is of a tap that began anew: what it counts since is all that is known.
        func rate(_ key: KeyPath<ModuleStatistics, UInt64>) -> Double {
            let (old, new) = (before.counts[keyPath: key], pair.last.counts[keyPath: key])
            return Double(new >= old ? new - old : new) / seconds
        }
        return Rates(
            messagesSent: rate(\.messagesSent), messagesReceived: rate(\.messagesReceived),
            bytesSent: rate(\.bytesSent),
            bytesReceived: rate(\.bytesReceived))
    }

    /// Whether every module of a connected device that has reported has been heard of twice.
    func isWhole(_ views: [ModuleView], _ devices: [DeviceView]) -> Bool {
        let connected = Set(devices.filter { $0.link == .connected }.map(\.id))
        return views.allSatisfy { view in
            view.reported == nil || !connected.contains(view.device) || rates(view.id) != nil
        }
    }
}

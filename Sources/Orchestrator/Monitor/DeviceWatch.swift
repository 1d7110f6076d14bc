import L45Model

/// What a device's reports say against it.
struct DeviceWatch: Sendable {
    /// Modules that its tap runs and that neither its table nor its plan has.
    var unknown: [ModuleID] = []
    /// Modules that do more than they were told, and what.
    var unasked: [ModuleID: String] = [:]
    /// Messages that should not be, by module.
    var odd: [ModuleID: [Oddity: Episode]] = [:]

    enum Oddity: Hashable, Sendable, CaseIterable { case forged, dropped }

    /// Occasions that are not far from each other.
    struct Episode: Hashable, Sendable {
        var since: Timestamp
        var last: Timestamp
        var count: UInt64
    }

    mutating func count(_ oddity: Oddity, _ module: ModuleID, more: UInt64, quietFor: Span, now: Timestamp) {
        guard more > 0 else { return }
        var episode = odd[module]?[oddity] ?? Episode(since: now, last: now, count: 0)
        if now - episode.last >= quietFor { episode = Episode(since: now, last: now, count: 0) }
        episode.last = now
        episode.count &+= more
        odd[module, default: [:]][oddity] = episode
    }
}

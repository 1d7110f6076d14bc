import L45Model

/// What operators read. Each text stays the same while what it tells of does, so that a standing is stored only when it
/// changes.
enum Wording {
    static let brake = "most of the fleet is silent, so nothing moves until it is back"

    static func away(since: Timestamp) -> String { "is away since \(since.rfc3339)" }
    static let unheard = "is connected and has not reported yet"
    static func unconfirmed(_ generation: Generation, reported: Generation) -> String {
        reported == .none
            ? "has not confirmed generation \(generation): its tap reports no table"
            : "has not confirmed generation \(generation): its last report says \(reported)"
    }
    static func drifted(_ generation: Generation) -> String {
        "reports generation \(generation) with other modules than were sent"
    }
    static func refused(_ generation: Generation, _ reason: String) -> String {
        "refuses generation \(generation): \(reason)"
    }
    static func streams(_ count: Int, _ epoch: Epoch) -> String {
        "has \(counted(count, "stream")) in edition \(epoch)"
    }
    static func quiet(since last: Timestamp, bound: Span, _ epoch: Epoch) -> String {
        "had messages of edition \(epoch) at \(last.rfc3339) by its clock: to be quiet for \(bound)"
    }
    static func bound(until: Timestamp) -> String { "keeps the old modules until \(until.rfc3339)" }
    static func settling(until: Timestamp) -> String { "lets plain messages in until \(until.rfc3339)" }
    static func crowded(rulesMax: Int) -> String {
        "has no room for the edition wanted until older ones have drained: its tap holds \(rulesMax) rules"
    }
    static func soaking(_ wave: Int, of waves: Int, until: Timestamp) -> String {
        "soaks in wave \(wave) of \(waves) until \(until.rfc3339)"
    }
    static func halted(_ reason: String) -> String { "is halted: \(reason)" }
    static func overDue(_ deadline: Span, since: Timestamp, laggards: Int) -> String {
        let open = laggards == 0 ? "" : "; \(laggards) device\(laggards == 1 ? " has" : "s have") not confirmed"
        return "not done within \(deadline) of \(since.rfc3339)\(open)"
    }
    static func overBudget(
        _ count: UInt64, _ what: String, limit: UInt64, epoch: Epoch?, at places: [(name: String, count: UInt64)]
    ) -> String {
        let named = places.prefix(5).map { "\($0.name) \($0.count)" }.joined(separator: ", ")
        let more = places.count > 5 ? " and \(places.count - 5) more" : ""
        let edition = epoch.map { " in edition \($0)" } ?? ""
        return "\(count) \(what)\(edition), the budget ends at \(limit): \(named)\(more)"
    }
    static func mixed(_ epochs: [Epoch]) -> String {
        "the plans ask for editions \(epochs.map(\.description).joined(separator: " and ")) of one flow"
    }
    static func more(_ count: Int) -> String { "; \(count) more device\(count == 1 ? " waits" : "s wait")" }

    /// Why the tap of this device is not known to run its table; nil: it is.
    /// - Parameter generation: the one decided last, in this pass if in any.
    static func unconfirmed(_ device: DeviceStanding, generation: Generation) -> String {
        switch device.snapshot.link {
        case .away(let since): return away(since: since)
        case .connected(_, reported: false): return unheard
        case .connected(_, reported: true):
            guard let report = device.snapshot.report else { return unheard }
            if let refusal = device.snapshot.refusal, refusal.generation == generation {
                return refused(generation, refusal.reason)
            }
            if report.generation == generation { return drifted(generation) }
            return unconfirmed(generation, reported: report.generation)
        }
    }
}

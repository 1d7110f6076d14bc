import L45Model

/// Lets so many refusals of strangers a minute into the audit trail, and counts the others.
struct StrangerGate: Hashable, Sendable {
    static let perMinute = 20
    private var minuteSince: Timestamp?
    private var admitted = 0
    private var unsaid = 0

    /// - Returns: how many were passed over since the last one; nil: this one is passed over too.
    mutating func admit(_ now: Timestamp) -> Int? {
        if minuteSince.map({ now >= $0 + .seconds(60) || now < $0 }) ?? true {
            minuteSince = now
            admitted = 0
        }
        guard admitted < Self.perMinute else {
            unsaid += 1
            return nil
        }
        admitted += 1
        defer { unsaid = 0 }
        return unsaid
    }
}

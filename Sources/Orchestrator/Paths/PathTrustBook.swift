package import L45Model

/// What is known of the honesty of every guarded path, and what of it the CIB does not have yet. A value.
package struct PathTrustBook: Sendable {
    package private(set) var trusts: [PathTrust.Place: PathTrust] = [:]
    private var unstored: Set<PathTrust.Place> = []
    private var gone: Set<PathTrust.Place> = []

    package init(_ stored: [PathTrust] = []) {
        for trust in stored { trusts[trust.place] = trust }
    }

    package subscript(place: PathTrust.Place) -> PathTrust? { trusts[place] }

    /// What each opener signs with, by its own last word.
    package var signed: [PathTrust.Place: UInt64] { trusts.compactMapValues(\.epoch) }

    /// An opener keeps these keys, and signs with them from its next look on.
    package mutating func confirmed(_ keys: PathKeys, now: Timestamp) -> [Event] {
        keys.entries.filter(\.opens).flatMap { entry in
            change(PathTrust.Place(keys.device, entry.path)) {
                $0.confirmed(entry.keys.last?.epoch, whyPlain: entry.whyPlain, now: now)
            }
        }
    }

    package mutating func reported(_ report: PathReport, now: Timestamp) -> [Event] {
        report.paths.flatMap { standing in
            let place = PathTrust.Place(report.device, standing.name)
            // Nothing is kept of a path that nothing is known of.
            guard trusts[place] != nil || standing.integrity?.kind == .forged else { return [Event]() }
            return change(place) { $0.reported(standing.integrity, now: now) }
        }
    }

    package mutating func compared(_ finding: PathWitness.Finding, now: Timestamp) -> [Event] {
        change(finding.place) { $0.compared(finding.check, alert: finding.alert, now: now) }
    }

    /// The paths that are guarded: others are forgotten.
    package mutating func keepOnly(_ places: Set<PathTrust.Place>) {
        for place in trusts.keys where !places.contains(place) {
            trusts[place] = nil
            unstored.remove(place)
            gone.insert(place)
        }
    }

    /// For the CIB.
    package var changes: (trusts: [PathTrust], gone: [PathTrust.Place]) {
        (unstored.sorted().compactMap { trusts[$0] }, gone.sorted())
    }

    package mutating func stored() {
        unstored = []
        gone = []
    }

    private mutating func change(
        _ place: PathTrust.Place, _ body: (inout PathTrust) -> [Event]
    ) -> [Event] {
        var trust = trusts[place] ?? PathTrust(place)
        let events = body(&trust)
        if trust != trusts[place] {
            trusts[place] = trust
            unstored.insert(place)
            gone.remove(place)
        }
        return events
    }
}

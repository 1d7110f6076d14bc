package import L45Model

/// Which gates a path is to have, on this device and on the far one.
package struct GateWish: Hashable, Codable, Sendable {
    /// On this device. Sorted.
    package var here: [PathGate]
    /// On the far device, for connections from this one. Sorted; empty where the far device has no agent.
    package var there: [PathGate]
    /// ECN is asked for on routes to the destination: the path has proven that it leaves it alone.
    package var asksECN: Bool

    package static let none = GateWish()

    package init(here: [PathGate] = [], there: [PathGate] = [], asksECN: Bool = false) {
        self.here = here.sorted()
        self.there = there.sorted()
        self.asksECN = asksECN
    }

    package var isEmpty: Bool { here.isEmpty && there.isEmpty && !asksECN }

    /// Whether every gate of this one is in `other`: to go from `other` to this one is to remove.
    package func isWithin(_ other: GateWish) -> Bool {
        Set(here).isSubset(of: other.here) && Set(there).isSubset(of: other.there) && (!asksECN || other.asksECN)
    }

    /// The extensions that it gates, each once.
    package var subjects: [PathExtension] { Set((here + there).map(\.subject)).sorted() }
}

extension GateWish {
    /// Decides from what is known of a path.
    ///
    /// An option that only the way back changes is not offered: the far end then has nothing to answer. One that the way
    /// out changes reaches the far end whatever is offered here, as where a box adds it: the far end must not see it.
    /// Where the far end has no agent, not to offer it is the best that is left; it helps against a box that rewrites and
    /// not against one that adds.
    ///
    /// - Parameters:
    ///   - holding: what is in force; kept for an extension of which the latest look says nothing.
    ///   - farAgent: the far device can be told to gate.
    package init(_ sight: PathSight, _ policy: PathPolicy, holding: GateWish, farAgent: Bool) {
        var here: Set<PathGate> = []
        var there: Set<PathGate> = []
        var asksECN = false
        for subject in PathExtension.allCases {
            let treatment = policy.treatment(subject)
            let bytes = subject == .mss ? policy.mssBytes : nil
            let opening = PathGate(subject, at: .opening, mssBytes: bytes)
            let accepting = PathGate(subject, at: .accepting, mssBytes: bytes)
            let out = sight[subject, .forward]
            let back = sight[subject, .reverse]
            switch treatment {
            case .allow: continue
            case .deny: here.formUnion([opening, accepting])
            case .proven where out.isIntact && back.isIntact: asksECN = subject == .ecn
            case .proven where out.isChanged || back.isChanged || !holding.asksECN: here.insert(opening)
            case .proven: asksECN = subject == .ecn
            case .auto:
                if out.isChanged {
                    if farAgent { there.insert(accepting) }
                    // What fast open puts into a SYN is lost on the way: to take it out at the far end is too late.
                    if back.isChanged || !farAgent || subject == .tfo { here.insert(opening) }
                } else if back.isChanged {
                    here.insert(opening)
                }
                if out.isUnknown {
                    there.formUnion(holding.there.filter { $0 == accepting && farAgent })
                }
                if out.isUnknown || back.isUnknown {
                    here.formUnion(holding.here.filter { $0 == opening })
                }
            }
        }
        self.init(here: Array(here), there: Array(there), asksECN: asksECN)
    }
}

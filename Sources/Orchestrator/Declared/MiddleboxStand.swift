package import L45Model

/// Which declared middleboxes stand on a path, and whether what was measured there agrees with what is declared of them. Pure;
/// gates are decided on what was measured alone.
package struct MiddleboxStand: Hashable, Sendable {
    /// The way in which the path crosses a box.
    package struct Crossing: Hashable, Sendable {
        package var box: DeclaredMiddlebox
        /// From its first side to its second.
        var isForward: Bool
        var isReverse: Bool

        func changes(_ subject: PathExtension, _ direction: MiddleboxFinding.Direction) -> Bool {
            box.changes.contains { change in
                guard change.subject == subject else { return false }
                switch (change.way, direction) {
                case (.both, _): return true
                case (.forward, .out), (.reverse, .back): return isForward
                case (.forward, .back), (.reverse, .out): return isReverse
                }
            }
        }
    }

    /// Sorted by name.
    package var crossings: [Crossing]

    /// - Parameters:
    ///   - opener: the device that guards the path.
    ///   - isMember: whether a device is of a group.
    package init(
        _ boxes: [DeclaredMiddlebox], on plan: PathPlan, from opener: Device,
        isMember: (DeviceID, String) -> Bool
    ) {
        func isNear(_ side: [DeclaredMiddlebox.Side]) -> Bool {
            side.contains { part in
                switch part {
                case .block(let block): opener.facts.addresses.contains { block.contains($0) }
                case .group(let name): isMember(opener.id, name)
                }
            }
        }
        func isFar(_ side: [DeclaredMiddlebox.Side]) -> Bool {
            side.contains { part in
                switch part {
                case .block(let block): block.contains(plan.destination) || block.contains(plan.probe)
                case .group(let name): plan.far.contains { isMember($0, name) }
                }
            }
        }
        crossings = boxes.sorted { $0.key < $1.key }.compactMap { box in
            guard box.between.count == 2 else {
                let isBefore = box.addresses.contains { $0.contains(plan.probe) }
                return isBefore ? Crossing(box: box, isForward: true, isReverse: false) : nil
            }
            let forward = isNear(box.between[0]) && isFar(box.between[1])
            let reverse = isNear(box.between[1]) && isFar(box.between[0])
            return forward || reverse ? Crossing(box: box, isForward: forward, isReverse: reverse) : nil
        }
    }

    package var names: [String] { crossings.map(\.box.name) }

    /// What is declared or measured to be changed, extension by extension.
    package func findings(_ sight: [PathStanding.Sight]) -> [MiddleboxFinding] {
        let seen = Dictionary(sight.map { ($0.subject, $0) }, uniquingKeysWith: { first, _ in first })
        return PathExtension.allCases.flatMap { subject in
            MiddleboxFinding.Direction.allCases.compactMap { direction -> MiddleboxFinding? in
                let verdict = seen[subject].map { direction == .out ? $0.out : $0.back } ?? .unknown
                let names = crossings.filter { $0.changes(subject, direction) }.map(\.box.name)
                guard !names.isEmpty else {
                    return verdict == .changed ? MiddleboxFinding(subject, direction, .unexplained) : nil
                }
                let kind: MiddleboxFinding.Kind =
                    switch verdict {
                    case .changed: .seen
                    case .intact: .notSeen
                    case .unknown: .unknown
                    }
                return MiddleboxFinding(subject, direction, kind, by: names)
            }
        }
    }

    /// In one word, with the reason.
    package func condition(_ findings: [MiddleboxFinding], isLookedAt: Bool) -> Condition {
        let surprises = findings.filter(\.isSurprise)
        guard surprises.isEmpty else {
            return Condition(
                type: "AsDeclared", status: .no,
                reason: surprises.contains { $0.kind == .unexplained } ? "Unexplained" : "NotSeen",
                message: surprises.map(\.text).joined(separator: "; "), since: nil)
        }
        guard isLookedAt else {
            return Condition(
                type: "AsDeclared", status: .unknown, reason: "NotLooked", message: "it was not looked at yet",
                since: nil)
        }
        let seen = findings.filter { $0.kind == .seen }
        return Condition(
            type: "AsDeclared", status: .yes, reason: "Agrees",
            message: seen.isEmpty
                ? "no change was seen that is not declared" : seen.map(\.text).joined(separator: "; "),
            since: nil)
    }
}

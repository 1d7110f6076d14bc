extension IntentItem {
    /// What a default may say, each at most once.
    enum Subject: Hashable { case rotation, rollout, drop, delay, label }

    /// What it says of the whole intent; empty: it is no modifier.
    var subjects: Set<Subject> {
        switch self {
        case .rotate: [.rotation]
        case .rotateByWaves: [.rotation, .rollout]
        case .rollout: [.rollout]
        case .dropUntagged: [.drop]
        case .delay: [.delay]
        case .label: [.label]
        case .tag, .guardPaths, .posture: []
        }
    }

    var isModifier: Bool { !subjects.isEmpty }

    var place: SourcePlace {
        switch self {
        case .rotate(_, let place), .rotateByWaves(_, _, let place), .dropUntagged(_, let place),
            .delay(_, let place), .label(_, let place):
            place
        case .rollout(let draft): draft.place
        case .tag(let draft): draft.place
        case .guardPaths(let draft): draft.intent.place
        case .posture(let part): part.place
        }
    }

    /// What is left of it where some is said already; nil: nothing.
    func without(_ said: Set<Subject>) -> IntentItem? {
        if case .rotateByWaves(let rotation, let rollout, let place) = self {
            switch (said.contains(.rotation), said.contains(.rollout)) {
            case (false, false): return self
            case (false, true): return .rotate(rotation, place)
            case (true, false): return .rollout(rollout)
            case (true, true): return nil
            }
        }
        return subjects.isDisjoint(with: said) ? self : nil
    }
}

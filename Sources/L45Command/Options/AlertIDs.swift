import ArgumentParser
import L45Model

/// Alerts by number, as operators write them: `12`, or `alert/12` as `-o name` prints.
enum AlertIDs {
    static func of(_ names: [String]) throws(ValidationError) -> [AlertID] {
        var ids: [AlertID] = []
        for name in names {
            let bare = name.hasPrefix("alert/") ? name.dropFirst("alert/".count) : name[...]
            guard let number = UInt64(bare), number > 0 else {
                throw ValidationError("'\(name)' is no alert's number; 'l45 get alerts' shows them.")
            }
            if !ids.contains(AlertID(number)) { ids.append(AlertID(number)) }
        }
        return ids
    }
}

extension AlertSeverity: ExpressibleByArgument {}

/// Which alerts to show.
enum AlertStates: String, ExpressibleByArgument, CaseIterable, Sendable {
    case open, acknowledged, unresolved, resolved, all

    var states: Set<Alert.State> {
        switch self {
        case .open: [.open]
        case .acknowledged: [.acknowledged]
        case .unresolved: [.open, .acknowledged]
        case .resolved: [.resolved]
        case .all: Set(Alert.State.allCases)
        }
    }
}

import Foundation
import L45Model
import Yams

/// Resources of one kind, to be shown.
enum Listing: Sendable {
    case devices([DeviceView])
    case intents([IntentView])
    case modules([ModuleView])
    case rollouts([RolloutView])
    case paths([PathView])
    case posture([PostureView])
    case middleboxes([MiddleboxView])
    case alerts([AlertView])
    case events([EventView])
    case sources([SourceView])

    /// - Returns: nil when the answer is no list.
    init?(_ response: APIResponse) {
        switch response {
        case .devices(let all): self = .devices(all)
        case .intents(let all): self = .intents(all)
        case .modules(let all): self = .modules(all)
        case .rollouts(let all): self = .rollouts(all)
        case .paths(let all): self = .paths(all)
        case .posture(let all): self = .posture(all)
        case .middleboxes(let all): self = .middleboxes(all)
        case .alerts(let all): self = .alerts(all)
        case .events(let all): self = .events(all)
        case .sources(let all): self = .sources(all)
        default: return nil
        }
    }

    var isEmpty: Bool { names.isEmpty }

    /// What `-o name` prints: a name that other verbs take. Devices by id, since names may be shared.
    var names: [String] {
        switch self {
        case .devices(let all): all.map { "device/\($0.id)" }
        case .intents(let all): all.map { "intent/\($0.name)" }
        case .modules(let all): all.map { "module/\($0.id)" }
        case .rollouts(let all): all.map { "rollout/\($0.flow)" }
        case .paths(let all): all.map { "path/\($0.device)/\($0.name)" }
        case .posture(let all): all.map { "posture/\($0.name)" }
        case .middleboxes(let all): all.map { "middlebox/\($0.name)" }
        case .alerts(let all): all.map { "alert/\($0.id)" }
        case .events(let all): all.map { "event/\($0.id)" }
        case .sources(let all): all.map { "source/\($0.name)" }
        }
    }

    func table(now: Timestamp, wide: Bool) -> Table {
        switch self {
        case .devices(let all): DevicesTable.table(all, now: now, wide: wide)
        case .intents(let all): IntentsTable.table(all, now: now, wide: wide)
        case .modules(let all): ModulesTable.table(all, now: now, wide: wide)
        case .rollouts(let all): RolloutsTable.table(all, now: now, everyDevice: wide)
        case .paths(let all): PathsTable.table(all, now: now, wide: wide)
        case .posture(let all): PostureTable.table(all, now: now)
        case .middleboxes(let all): MiddleboxesTable.table(all, wide: wide)
        case .alerts(let all): AlertsTable.table(all, now: now, wide: wide)
        case .events(let all): EventsTable.table(all, now: now, wide: wide)
        case .sources(let all): SourcesTable.table(all, now: now, wide: wide)
        }
    }

    /// Always a list, also of one.
    var json: String { get throws { try Self.json(self) } }

    var yaml: String { get throws { try Self.yaml(self) } }

    func text(_ format: OutputFormat, now: Timestamp, _ palette: Palette) throws -> String {
        try format.document(self, names: names) ?? table(now: now, wide: format == .wide).text(palette)
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func yaml(_ value: some Encodable) throws -> String {
        let encoder = YAMLEncoder()
        encoder.options = YAMLEncoder.Options(width: -1, allowUnicode: true, sortKeys: true)
        return try encoder.encode(value).trimmingLineEnd
    }
}

extension Listing: Encodable {
    func encode(to encoder: any Encoder) throws {
        switch self {
        case .devices(let all): try all.encode(to: encoder)
        case .intents(let all): try all.encode(to: encoder)
        case .modules(let all): try all.encode(to: encoder)
        case .rollouts(let all): try all.encode(to: encoder)
        case .paths(let all): try all.encode(to: encoder)
        case .posture(let all): try all.encode(to: encoder)
        case .middleboxes(let all): try all.encode(to: encoder)
        case .alerts(let all): try all.encode(to: encoder)
        case .events(let all): try all.encode(to: encoder)
        case .sources(let all): try all.encode(to: encoder)
        }
    }
}

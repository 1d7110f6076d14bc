import Foundation
import IntentCompiler
import L45Model
import Yams

/// Inventories of other tools, read as devices with labels and groups. Pure.
enum InventoryImport {
    enum Format: String, CaseIterable, Sendable { case auto, yaml, csv, ansible, json }

    /// - Parameter name: who declares, whatever the text and its file say; nil: as they say.
    /// - Throws: `CommandEnd`, which says where the text is wrong.
    static func request(
        _ source: APISource, as name: String?, format: Format, prune: Bool, dryRun: Bool
    ) throws -> DeclareRequest {
        var (devices, boxes, declarers) = try read(source.text, origin: source.origin, format: format)
        if let name {
            for index in devices.indices { devices[index].by = name }
            for index in boxes.indices { boxes[index].by = name }
            declarers = [name]
        }
        return DeclareRequest(
            devices: devices, middleboxes: boxes, declarers: declarers, prune: prune, dryRun: dryRun)
    }

    /// - Throws: `CommandEnd`, which says where the text is wrong.
    static func read(
        _ text: String, origin: String, format: Format
    ) throws -> (devices: [DeclaredDevice], middleboxes: [DeclaredMiddlebox], declarers: [String]) {
        func whole(
            _ devices: [DeclaredDevice]
        ) -> (devices: [DeclaredDevice], middleboxes: [DeclaredMiddlebox], declarers: [String]) {
            (devices, [], [DeclaredDevice.declarer(ofFile: origin)])
        }
        switch format == .auto ? guess(text, origin) : format {
        case .csv: return whole(try CSVInventory.read(text, origin))
        case .json: return whole(try list(text, origin))
        case .ansible: return whole(try AnsibleInventory.read(text, origin))
        case .yaml, .auto:
            let reading = InventoryReader.read([IntentSource(origin: origin, text: text)])
            guard reading.isThere else {
                throw CommandEnd.badInput(
                    "'\(origin)' holds no document of kind: Inventory", hint: "say what it is with --format")
            }
            try ParseResult(intents: [], diagnostics: reading.diagnostics).check()
            return (reading.devices, reading.middleboxes, reading.declarers)
        }
    }

    private static func guess(_ text: String, _ origin: String) -> Format {
        if origin.hasSuffix(".csv") { return .csv }
        if origin.hasSuffix(".ini") || origin.hasSuffix("/hosts") || origin == "hosts" { return .ansible }
        let start = text.first { !$0.isWhitespace }
        if start == "[" { return text.contains("{") ? .json : .ansible }
        if start == "{" { return .ansible }
        if text.split(separator: "\n").contains(where: { $0.hasPrefix("kind:") }) { return .yaml }
        if let head = text.split(separator: "\n").first, head.contains(","), head.hasPrefix("name") { return .csv }
        return .ansible
    }

    /// What a script prints: `[{"name": "web-1", "labels": {"role": "web"}, "groups": ["paris"]}]`.
    private static func list(_ text: String, _ origin: String) throws -> [DeclaredDevice] {
        struct Item: Decodable {
            var name: String
            var id: String?
            var labels: [String: String]?
            var groups: [String]?
        }
        do {
            return try JSONDecoder().decode([Item].self, from: Data(text.utf8)).map { item in
                device(item.name, id: item.id, labels: item.labels ?? [:], groups: item.groups ?? [], origin)
            }
        } catch {
            throw CommandEnd.badInput(
                "'\(origin)': \(DecodingFault.text(error))",
                hint: "a list is expected, such as [{\"name\": \"web-1\", \"labels\": {\"role\": \"web\"}}]")
        }
    }

    static func device(
        _ name: String, id: String? = nil, labels: [String: String], groups: [String], _ origin: String,
        place: String? = nil
    ) -> DeclaredDevice {
        var all = Dictionary(groups.map { ("group.\($0)", "yes") }, uniquingKeysWith: { first, _ in first })
        all.merge(labels) { _, own in own }
        return DeclaredDevice(
            name: name, id: id.map { DeviceID($0) }, labels: all, groups: Array(Set(groups)), origin: origin,
            place: place)
    }
}

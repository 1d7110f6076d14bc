import L45Model
import Yams

/// An inventory as documents that `apply` takes: `kind: Inventory`, one for each who declares.
enum InventoryText {
    private struct Document: Encodable {
        var apiVersion = "l45/v1"
        var kind = "Inventory"
        var name: String?
        var groups: [String: [String: String]]?
        var devices: [Item]?
        var middleboxes: [Box]?
    }

    private struct Item: Encodable {
        var name: String
        var id: String?
        var labels: [String: String]?
        var groups: [String]?
    }

    private struct Box: Encodable {
        var name: String
        var addresses: [AddressBlock]?
        var between: [[DeclaredMiddlebox.Side]]?
        var changes: [MiddleboxChange]?
        var owner: String?
        var note: String?

        init(_ box: DeclaredMiddlebox) {
            name = box.name
            addresses = box.addresses.isEmpty ? nil : box.addresses
            between = box.between.isEmpty ? nil : box.between
            changes = box.changes.isEmpty ? nil : box.changes
            owner = box.owner
            note = box.note
        }
    }

    static func yaml(_ devices: [DeclaredDevice], _ boxes: [DeclaredMiddlebox] = []) throws -> String {
        let names = Set(devices.map { $0.by ?? "" } + boxes.map { $0.by ?? "" }).sorted()
        guard names.count > 1 else { return try document(devices, boxes) }
        // What nobody declared comes last, without a name.
        let ordered = names.filter { !$0.isEmpty } + names.filter(\.isEmpty)
        return try ExportText.joined(
            ordered.map { name in
                try document(devices.filter { ($0.by ?? "") == name }, boxes.filter { ($0.by ?? "") == name })
            })
    }

    private static func document(_ devices: [DeclaredDevice], _ boxes: [DeclaredMiddlebox]) throws -> String {
        let sides = boxes.flatMap(\.between).flatMap { $0 }.compactMap { side -> String? in
            if case .group(let name) = side { name } else { nil }
        }
        let groups = Set(devices.flatMap(\.groups)).union(sides)
        var named: [String: [String: String]] = [:]
        for group in groups { named[group] = [:] }
        let document = Document(
            name: devices.first?.by ?? boxes.first?.by, groups: named.isEmpty ? nil : named,
            devices: devices.isEmpty && !boxes.isEmpty
                ? nil
                : devices.map { device in
                    // What membership brings is not said twice; what a group's labels were is said device by device.
                    let own = device.labels.filter { key, _ in
                        !device.groups.contains { key == "group.\($0)" }
                    }
                    return Item(
                        name: device.name, id: device.id?.rawValue, labels: own.isEmpty ? nil : own,
                        groups: device.groups.isEmpty ? nil : device.groups)
                }, middleboxes: boxes.isEmpty ? nil : boxes.map { Box($0) })
        let encoder = YAMLEncoder()
        encoder.options = YAMLEncoder.Options(width: -1, allowUnicode: true)
        return try encoder.encode(document)
    }
}

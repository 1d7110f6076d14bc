package import L45Model

/// What files declare of devices, and what is left of them for intents.
package struct InventoryReading: Sendable {
    package var devices: [DeclaredDevice]
    package var middleboxes: [DeclaredMiddlebox]
    /// Who declares them: the documents' own names, or their files; of documents without a device, too.
    package var declarers: [String]
    /// The files without the documents that are inventories, their lines left blank so that every place stays true; those
    /// that hold nothing else are left out.
    package var rest: [IntentSource]
    package var diagnostics: [Diagnostic]
    /// Whether there was an inventory at all, an empty one too.
    package var isThere: Bool
}

/// Reads documents of `kind: Inventory`, which may stand beside intents in one file. Pure.
///
/// ```yaml
/// apiVersion: l45/v1
/// kind: Inventory
/// name: racks
/// groups:
///   paris: {site: paris}
/// devices:
///   - name: web-1
///     labels: {role: web}
///     groups: [paris]
/// middleboxes:
///   - name: fw-paris
///     between: [paris, 10.2.0.0/16]
///     changes: ["window-scale-stripped:reverse"]
/// ```
///
/// The name says who declares, so that the document may move from file to file; without one it is the file.
/// A member of a group has the group's labels, and the label `group.NAME` with the value `yes`; its own labels win.
package enum InventoryReader {
    package static let kind = "Inventory"
    package static let apiVersion = "l45/v1"

    package static func read(_ sources: [IntentSource]) -> InventoryReading {
        var reading = InventoryReading(
            devices: [], middleboxes: [], declarers: [], rest: [], diagnostics: [], isThere: false)
        for source in sources {
            let text = SourceText(source)
            let documents = text.documents()
            let ours = documents.filter(isInventory)
            guard !ours.isEmpty else {
                reading.rest.append(source)
                continue
            }
            reading.isThere = true
            for document in ours {
                let (value, diagnostics) = YAMLReader.read(document, in: text)
                reading.diagnostics += diagnostics
                guard let value else { continue }
                var decoder = InventoryDecoder(origin: source.origin)
                let said = decoder.decode(value)
                reading.devices += said.devices
                reading.middleboxes += said.middleboxes
                reading.declarers.append(decoder.by ?? DeclaredDevice.declarer(ofFile: source.origin))
                reading.diagnostics += decoder.diagnostics
            }
            if ours.count < documents.count {
                reading.rest.append(IntentSource(origin: source.origin, text: blanked(source.text, ours)))
            }
        }
        return reading
    }

    /// By a line of its own at the left edge: an intent has no `kind`.
    private static func isInventory(_ document: SourceText.Document) -> Bool {
        document.text.split(whereSeparator: \.isNewline).contains { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return parts.count == 2 && parts[0] == "kind"
                && parts[1].prefix { $0 != "#" }.filter { !" \"'\r".contains($0) } == kind
        }
    }

    private static func blanked(_ text: String, _ documents: [SourceText.Document]) -> String {
        // By scalars, as lines are counted: a carriage return and a line feed are one character.
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { String(String.UnicodeScalarView($0)) }
        for document in documents {
            let count = document.text.unicodeScalars.count { $0 == "\n" } + 1
            let first = document.firstLine - 1
            for line in first..<min(first + count, lines.count) where !lines[line].hasPrefix("---") { lines[line] = "" }
            if let marker = document.markerLine, lines.indices.contains(marker - 1) { lines[marker - 1] = "" }
        }
        return lines.joined(separator: "\n")
    }
}

/// Reads one document.
struct InventoryDecoder {
    let origin: String
    /// The document's name.
    var by: String?
    var diagnostics: [Diagnostic] = []

    init(origin: String) { self.origin = origin }

    mutating func decode(
        _ value: YAMLValue
    ) -> (devices: [DeclaredDevice], middleboxes: [DeclaredMiddlebox]) {
        let fields = mapping(value, "an inventory", ["apiVersion", "kind", "name", "groups", "devices", "middleboxes"])
        if let version = fields["apiVersion"], self.text(version, "apiVersion") != InventoryReader.apiVersion {
            tell(
                version, "an inventory is of apiVersion \(InventoryReader.apiVersion)",
                "write 'apiVersion: \(InventoryReader.apiVersion)'")
        }
        by = fields["name"].flatMap { self.text($0, "name") }
        var groups: [String: [String: String]] = [:]
        if let all = fields["groups"] {
            for (name, value) in pairs(all, "'groups'") { groups[name] = labels(value) }
        }
        let boxes = fields["middleboxes"].map { middleboxes($0, groups) } ?? []
        guard let list = fields["devices"] else { return ([], boxes) }
        guard case .sequence(let items, _) = list else {
            tell(list, "'devices' is a list, not \(list.kind)", "begin each device with '- name: NAME'")
            return ([], boxes)
        }
        return (items.compactMap { device($0, groups) }, boxes)
    }

    private mutating func device(_ value: YAMLValue, _ groups: [String: [String: String]]) -> DeclaredDevice? {
        let fields = mapping(value, "a device", ["name", "id", "labels", "groups"])
        guard let nameValue = fields["name"] else {
            if case .mapping = value { tell(value, "a device has a name", "write 'name: NAME'") }
            return nil
        }
        guard let name = self.text(nameValue, "name") else { return nil }
        var all: [String: String] = [:]
        var member: [String] = []
        if let list = fields["groups"] {
            guard case .sequence(let items, _) = list else {
                tell(list, "'groups' is a list, not \(list.kind)", "write 'groups: [NAME]'")
                return nil
            }
            for item in items {
                guard let group = self.text(item, "group") else { continue }
                guard let given = groups[group] else {
                    tell(
                        item, "there is no group '\(group.shortened)' in this document",
                        Suggestion.hint(
                            for: group, among: groups.keys.sorted(),
                            otherwise: "name it under 'groups:', such as '\(group.shortened): {}'"))
                    continue
                }
                member.append(group)
                all.merge(given) { _, new in new }
                all["group.\(group)"] = "yes"
            }
        }
        if let own = fields["labels"] { all.merge(labels(own)) { _, new in new } }
        let id = fields["id"].flatMap { self.text($0, "id") }.map { DeviceID($0) }
        return DeclaredDevice(
            name: name, id: id, labels: all, groups: member, origin: origin, place: nameValue.place.short, by: by)
    }

    private mutating func labels(_ value: YAMLValue) -> [String: String] {
        var labels: [String: String] = [:]
        for (key, value) in pairs(value, "labels") {
            do throws(Complaint) {
                guard let text = self.text(value, key) else { continue }
                labels[try Check.labelKey(key)] = try Check.labelValue(text)
            } catch {
                tell(value, error.message, error.hint)
            }
        }
        return labels
    }

    mutating func mapping(_ value: YAMLValue, _ what: String, _ known: [String]) -> [String: YAMLValue] {
        var fields: [String: YAMLValue] = [:]
        for (key, value) in pairs(value, what) {
            guard known.contains(key) else {
                tell(
                    value, "\(what) has no key '\(key.shortened)'",
                    Suggestion.hint(for: key, among: known, otherwise: "its keys are \(known.joined(separator: ", "))"))
                continue
            }
            fields[key] = value
        }
        return fields
    }

    mutating func pairs(_ value: YAMLValue, _ what: String) -> [(String, YAMLValue)] {
        switch value {
        case .mapping(let all, _):
            return all.map { ($0.key.text, $0.value) }
        case .scalar(let scalar) where scalar.isEmpty: return []
        default:
            tell(value, "\(what) is a mapping, not \(value.kind)", nil)
            return []
        }
    }

    mutating func text(_ value: YAMLValue, _ what: String) -> String? {
        guard case .scalar(let scalar) = value, !scalar.isEmpty else {
            tell(value, "'\(what.shortened)' is a text, not \(value.kind)", nil)
            return nil
        }
        return scalar.text
    }

    mutating func tell(_ value: YAMLValue, _ message: String, _ hint: String?) {
        diagnostics.append(Diagnostic(at: value.place, message, hint: hint))
    }
}

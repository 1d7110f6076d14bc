package import L45Model

/// What files and git sources declare of devices, and which enrolled device each is. A value.
///
/// Several may declare one device, each for itself: its labels are those of all of them, and they do not contradict each
/// other.
package struct DeclaredFleet: Hashable, Sendable {
    /// By the device's name, then by who declares.
    private var byName: [String: [String: DeclaredDevice]] = [:]
    /// The names under which an id is declared.
    private var names: [DeviceID: Set<String>] = [:]
    private var boxes: [DeclaredKey: DeclaredMiddlebox] = [:]

    package init(_ devices: [DeclaredDevice] = [], middleboxes: [DeclaredMiddlebox] = []) {
        for device in devices { put(device) }
        for box in middleboxes { boxes[box.key] = box }
    }

    /// Whether no device is declared.
    package var isEmpty: Bool { byName.isEmpty }

    /// Sorted by name; one that several declare alike is there once.
    package var middleboxes: [DeclaredMiddlebox] {
        var seen: Set<String> = []
        return boxes.values.sorted { $0.key < $1.key }.filter { seen.insert($0.name).inserted }
    }

    package func middleboxes(by declarer: String) -> [DeclaredMiddlebox] {
        boxes.values.filter { $0.declarer == declarer }.sorted { $0.name < $1.name }
    }

    var allMiddleboxes: [DeclaredMiddlebox] { boxes.values.sorted { $0.key < $1.key } }

    mutating func put(_ box: DeclaredMiddlebox) { boxes[box.key] = box }
    mutating func removeMiddlebox(_ key: DeclaredKey) { boxes[key] = nil }

    /// Sorted by name, then by who declares.
    package var all: [DeclaredDevice] {
        byName.values.flatMap(\.values).sorted { $0.key < $1.key }
    }

    package var declarers: Set<String> { Set(byName.values.flatMap(\.keys)).union(boxes.keys.map(\.by)) }

    package func declared(by declarer: String) -> [DeclaredDevice] {
        byName.values.compactMap { $0[declarer] }.sorted { $0.name < $1.name }
    }

    /// What is declared of a device, by its id or its name; sorted by who declares.
    package func declarations(of device: Device) -> [DeclaredDevice] {
        (names[device.id] ?? []).union([device.facts.name])
            .flatMap { name in
                (byName[name] ?? [:]).values.filter {
                    $0.id == nil ? name == device.facts.name : $0.id == device.id
                }
            }
            .sorted { ($0.declarer, $0.name) < ($1.declarer, $1.name) }
    }

    /// The labels that all of these declare together.
    package func labels(of device: Device) -> [String: String] {
        declarations(of: device).reduce(into: [:]) { all, one in all.merge(one.labels) { first, _ in first } }
    }

    mutating func put(_ device: DeclaredDevice) {
        remove(device.key)
        byName[device.name, default: [:]][device.declarer] = device
        if let id = device.id { names[id, default: []].insert(device.name) }
    }

    mutating func remove(_ key: DeclaredKey) {
        guard let gone = byName[key.name]?.removeValue(forKey: key.by) else { return }
        let left = byName[key.name] ?? [:]
        if left.isEmpty { byName[key.name] = nil }
        guard let id = gone.id, !left.values.contains(where: { $0.id == id }) else { return }
        names[id]?.remove(key.name)
        if names[id]?.isEmpty == true { names[id] = nil }
    }

    // MARK: Drift

    /// A label of an enrolled device that is not as it is declared.
    package struct Drift: Hashable, Sendable {
        package var device: String
        package var label: String
        package var declared: String
        /// nil: it has none.
        package var found: String?

        package var text: String {
            "'\(label)' is \(found.map { "'\($0)'" } ?? "not there"), declared is '\(declared)'"
        }
    }

    /// What somebody changed, or an enrolment token said otherwise; sorted by device and label.
    /// - Parameter enrolled: every device, with the labels in force.
    package func drifts(by declarer: String, enrolled: [Device]) -> [Drift] {
        let declared = declared(by: declarer)
        guard !declared.isEmpty else { return [] }
        let roll = EnrolledRoll(enrolled)
        return declared.flatMap { declaration in
            roll.match(declaration).map { Self.drifts(of: $0, from: declaration) } ?? []
        }
    }

    package static func drifts(of device: Device, from declaration: DeclaredDevice) -> [Drift] {
        declaration.labels.sorted { $0.key < $1.key }.compactMap { label, declared in
            let found = device.facts.labels[label]
            return found == declared
                ? nil : Drift(device: declaration.name, label: label, declared: declared, found: found)
        }
    }
}

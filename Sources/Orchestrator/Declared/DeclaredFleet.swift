package import L45Model

/// What files declare of devices, and which enrolled device each is. A value.
package struct DeclaredFleet: Hashable, Sendable {
    package private(set) var devices: [String: DeclaredDevice] = [:]

    package init(_ devices: [DeclaredDevice] = []) {
        for device in devices { self.devices[device.name] = device }
    }

    package var isEmpty: Bool { devices.isEmpty }

    /// What is declared of a device: by its id, else by its name.
    package func declaration(of device: Device) -> DeclaredDevice? {
        if let exact = devices[device.facts.name] { return exact.id.map { $0 == device.id } ?? true ? exact : nil }
        return devices.values.first { $0.id == device.id }
    }

    /// A change, worked out; nothing is done yet.
    package struct Change: Sendable {
        package var next: DeclaredFleet
        package var outcomes: [DeclareResult.Outcome] = []
        package var stored: [DeclaredDevice] = []
        package var removed: [String] = []
        /// The operators' labels of devices of which some change.
        package var labels: [DeviceID: [String: String]] = [:]
        package var warnings: [String] = []
        package var undeclared: [String] = []
    }

    /// - Parameters:
    ///   - enrolled: every device.
    ///   - labels: the operators' labels now.
    package func change(
        _ request: DeclareRequest, enrolled: [Device], labels: [DeviceID: [String: String]]
    ) throws(APIFailure) -> Change {
        try Self.check(request)
        var change = Change(next: self)
        var names = request.devices.map(\.name)
        if request.prune { names += devices.keys.filter { !names.contains($0) }.sorted() }
        let wanted = Dictionary(request.devices.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for name in names {
            let (old, new) = (devices[name], wanted[name])
            let device = Self.match(name, new?.id ?? old?.id, enrolled, &change.warnings)
            let outcome: ApplyResult.Outcome =
                new == nil ? .pruned : old == nil ? .created : old == new ? .unchanged : .configured
            change.outcomes.append(DeclareResult.Outcome(name: name, outcome: outcome, device: device?.id))
            change.next.devices[name] = new
            if let new, outcome != .unchanged { change.stored.append(new) }
            if new == nil { change.removed.append(name) }
            guard let device else { continue }
            let before = labels[device.id] ?? [:]
            var after = before
            // What a file said and says no more goes, unless somebody has said otherwise by hand meanwhile.
            for (key, value) in old?.labels ?? [:] where after[key] == value { after[key] = nil }
            after.merge(new?.labels ?? [:]) { _, declared in declared }
            if after != before { change.labels[device.id] = after }
        }
        let next = change.next
        change.undeclared = enrolled.filter { next.declaration(of: $0) == nil }.map(\.facts.name).sorted()
        return change
    }

    private static func match(
        _ name: String, _ id: DeviceID?, _ enrolled: [Device], _ warnings: inout [String]
    ) -> Device? {
        if let id { return enrolled.first { $0.id == id } }
        let fits = enrolled.filter { $0.facts.name == name }
        if fits.count > 1 {
            let ids = fits.map { String($0.id.rawValue.prefix(12)) }.sorted().joined(separator: ", ")
            warnings.append("device '\(name)': \(fits.count) devices say this name (\(ids)); give its id to say which")
        }
        return fits.count == 1 ? fits.first : nil
    }

    private static func check(_ request: DeclareRequest) throws(APIFailure) {
        guard request.devices.count <= DeclaredDevice.devicesMax else {
            throw APIFailure(
                .badInput, "\(request.devices.count) devices are declared, at most \(DeclaredDevice.devicesMax) may be")
        }
        var seen: [String: String] = [:]
        for device in request.devices {
            var texts = device.groups
            texts.append(device.name)
            texts += device.labels.keys
            texts += device.labels.values
            let isWell = texts.allSatisfy { text in
                text.count <= DeclaredDevice.charactersMax && text.unicodeScalars.allSatisfy { $0.value >= 0x20 }
            }
            guard !device.name.isEmpty, isWell, device.labels.count <= DeclaredDevice.labelsMax else {
                throw APIFailure(
                    .badInput,
                    "device '\(device.name.prefix(60))' of \(device.origin): a name, at most \(DeclaredDevice.labelsMax) labels, "
                        + "each text of at most \(DeclaredDevice.charactersMax) characters on one line; nothing was changed"
                )
            }
            if let first = seen[device.name] {
                throw APIFailure(
                    .badInput,
                    "device '\(device.name)' is declared in \(first) and in \(device.origin); nothing was changed",
                    hint: "keep one of them")
            }
            seen[device.name] = device.origin
        }
    }
}

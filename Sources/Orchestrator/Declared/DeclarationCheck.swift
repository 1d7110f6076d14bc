import L45Model

/// Whether declarations are well by themselves and do not contradict each other. Pure.
enum DeclarationCheck {
    /// What is declared, each device once for each who declares it: two files of one declarer may each say something of it.
    /// - Throws: `badInput` beyond a bound, or for a device that one file names twice; `conflict`.
    static func merged(_ request: DeclareRequest) throws(APIFailure) -> [DeclaredDevice] {
        guard request.devices.count <= DeclaredDevice.devicesMax else {
            throw APIFailure(
                .badInput, "\(request.devices.count) devices are declared, at most \(DeclaredDevice.devicesMax) may be")
        }
        for declarer in request.declarers ?? [] { try check(declarer: declarer) }
        var order: [DeclaredKey] = []
        var merged: [DeclaredKey: DeclaredDevice] = [:]
        for device in request.devices {
            try check(device)
            guard let first = merged[device.key] else {
                order.append(device.key)
                merged[device.key] = device
                continue
            }
            guard first.origin != device.origin else {
                throw APIFailure(
                    .badInput,
                    "device '\(device.name)' is declared in \(first.whereabouts) and in \(device.whereabouts); "
                        + "nothing was changed", hint: "keep one of them")
            }
            guard first.id == nil || device.id == nil || first.id == device.id else {
                throw contradiction([
                    said(device, "id", device.id?.rawValue ?? "", first, first.id?.rawValue ?? "")
                ])
            }
            let faults = contradictions(first, device)
            guard faults.isEmpty else { throw contradiction(faults) }
            merged[device.key] = DeclaredDevice(
                name: device.name, id: first.id ?? device.id,
                labels: first.labels.merging(device.labels) { one, _ in one },
                groups: Array(Set(first.groups).union(device.groups)), origin: first.origin, place: first.place,
                by: first.by)
        }
        return order.compactMap { merged[$0] }
    }

    private static func check(_ device: DeclaredDevice) throws(APIFailure) {
        try check(declarer: device.declarer)
        var texts = device.groups
        texts.append(device.name)
        texts += device.labels.keys
        texts += device.labels.values
        let isWell = texts.allSatisfy { $0.count <= DeclaredDevice.charactersMax && isOnOneLine($0) }
        guard !device.name.isEmpty, isWell, device.labels.count <= DeclaredDevice.labelsMax,
            device.whereabouts.count <= DeclaredDevice.placeCharactersMax
        else {
            throw APIFailure(
                .badInput,
                "device '\(device.name.prefix(60))' of \(device.origin.prefix(200)): a name, at most "
                    + "\(DeclaredDevice.labelsMax) labels, each text of at most \(DeclaredDevice.charactersMax) "
                    + "characters on one line; nothing was changed")
        }
    }

    private static func check(declarer: String) throws(APIFailure) {
        guard !declarer.isEmpty, declarer.count <= DeclaredDevice.placeCharactersMax, isOnOneLine(declarer) else {
            throw APIFailure(
                .badInput,
                "who declares is named by 1 to \(DeclaredDevice.placeCharactersMax) characters on one line, not "
                    + "'\(declarer.prefix(60))'; nothing was changed", hint: "name it with --as NAME")
        }
    }

    private static func isOnOneLine(_ text: String) -> Bool { text.unicodeScalars.allSatisfy { $0.value >= 0x20 } }

    /// - Throws: `badInput` beyond a bound, or for a box that one declarer names twice.
    static func check(_ boxes: [DeclaredMiddlebox]) throws(APIFailure) {
        guard boxes.count <= DeclaredMiddlebox.boxesMax else {
            throw APIFailure(
                .badInput,
                "\(boxes.count) middleboxes are declared, at most \(DeclaredMiddlebox.boxesMax) may be")
        }
        var seen: [DeclaredKey: DeclaredMiddlebox] = [:]
        for box in boxes {
            try check(declarer: box.declarer)
            let most = DeclaredMiddlebox.partsMax
            let isWell =
                !box.name.isEmpty && box.name.count <= DeclaredDevice.charactersMax && isOnOneLine(box.name)
                && (box.between.isEmpty || box.between.count == 2)
                && (box.owner ?? "").count <= DeclaredDevice.charactersMax
                && (box.note ?? "").count <= DeclaredMiddlebox.noteCharactersMax
                && box.whereabouts.count <= DeclaredDevice.placeCharactersMax
                && ([box.addresses.count, box.changes.count] + box.between.map(\.count)).allSatisfy { $0 <= most }
            guard isWell else {
                throw APIFailure(
                    .badInput,
                    "middlebox '\(box.name.prefix(60))' of \(box.origin.prefix(200)): a name, two sides or none, at most "
                        + "\(most) addresses, changes and parts of a side, a note of at most "
                        + "\(DeclaredMiddlebox.noteCharactersMax) characters; nothing was changed")
            }
            if let first = seen[box.key] {
                throw APIFailure(
                    .badInput,
                    "middlebox '\(box.name)' is declared in \(first.whereabouts) and in \(box.whereabouts); nothing was "
                        + "changed", hint: "keep one of them")
            }
            seen[box.key] = box
        }
    }

    // MARK: Contradictions

    /// - Parameter boxes: those that stand already first: who says otherwise than the first is told of.
    /// - Throws: `conflict` with every box that two declare differently, and both places.
    static func refuseContradictions(_ boxes: [DeclaredMiddlebox]) throws(APIFailure) {
        let faults = Dictionary(grouping: boxes, by: \.name).values.compactMap { same -> String? in
            guard let first = same.first, let other = same.first(where: { !$0.says(first) }) else { return nil }
            return "\(other.whereabouts): error: middlebox '\(other.name)' is another one here than in "
                + first.whereabouts
        }
        guard faults.isEmpty else { throw contradiction(faults.sorted()) }
    }

    /// - Throws: `conflict` with every label that two declare differently, and both places.
    static func refuseContradictions(
        of wanted: [DeclaredDevice], in next: DeclaredFleet, _ roll: EnrolledRoll
    ) throws(APIFailure) {
        var faults: [String] = []
        // Two of one request are held against each other once.
        var ahead = Set(wanted.map(\.key))
        for device in wanted {
            ahead.remove(device.key)
            let known = roll.match(device)
            // Of one that is not enrolled its name and id are all there is to go by.
            let twin = Device(id: device.id ?? DeviceID(""), facts: DeviceFacts(name: device.name))
            for other in next.declarations(of: known ?? twin)
            where other.key != device.key && !ahead.contains(other.key) {
                faults += contradictions(other, device)
            }
        }
        guard faults.isEmpty else { throw contradiction(faults) }
    }

    private static func contradictions(_ first: DeclaredDevice, _ device: DeclaredDevice) -> [String] {
        device.labels.sorted { $0.key < $1.key }.compactMap { key, value in
            guard let other = first.labels[key], other != value else { return nil }
            return said(device, key, value, first, other)
        }
    }

    private static func said(
        _ device: DeclaredDevice, _ key: String, _ value: String, _ first: DeclaredDevice, _ other: String
    ) -> String {
        "\(device.whereabouts): error: device '\(device.name)' is given \(key)=\(value) here, and \(key)=\(other) in "
            + first.whereabouts
    }

    private static func contradiction(_ faults: [String]) -> APIFailure {
        APIFailure(
            .conflict, "the inventory is contradicted in \(counted(faults.count, "place")); nothing was changed",
            diagnostics: faults,
            hint: "keep one of them; what a file declared goes when an import of it says it no more")
    }
}

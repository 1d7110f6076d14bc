package import L45Model

extension DeclaredFleet {
    /// A change, worked out; nothing is done yet.
    package struct Change: Sendable {
        package var next: DeclaredFleet
        package var outcomes: [DeclareResult.Outcome] = []
        package var stored: [DeclaredDevice] = []
        package var removed: [DeclaredKey] = []
        /// The operators' labels of devices of which some change.
        package var labels: [DeviceID: [String: String]] = [:]
        package var warnings: [String] = []
        package var undeclared: [String] = []
        /// Names that are declared no more while their labels stay.
        package var released: [String] = []

        package var boxOutcomes: [DeclareResult.Outcome] = []
        package var storedBoxes: [DeclaredMiddlebox] = []
        package var removedBoxes: [DeclaredKey] = []

        package var isNothing: Bool {
            stored.isEmpty && removed.isEmpty && labels.isEmpty && storedBoxes.isEmpty && removedBoxes.isEmpty
        }

        package func result(dryRun: Bool) -> DeclareResult {
            var result = DeclareResult(
                dryRun: dryRun, devices: outcomes, warnings: warnings, undeclared: undeclared)
            result.middleboxes = boxOutcomes.isEmpty ? nil : boxOutcomes
            return result
        }
    }

    /// What `request` comes to: it replaces all that its declarers declared before, and nothing of others'.
    ///
    /// - Parameters:
    ///   - enrolled: every device.
    ///   - labels: the operators' labels now.
    ///   - sparing: declarers that `prune` leaves alone.
    ///   - takesBack: whether the labels of a device that is named no more go; else they stay, as set by hand.
    /// - Throws: `badInput`; `conflict` where two label one device differently.
    package func change(
        _ request: DeclareRequest, enrolled: [Device], labels: [DeviceID: [String: String]],
        sparing: Set<String> = [], takesBack: Bool = true
    ) throws(APIFailure) -> Change {
        let wanted = try DeclarationCheck.merged(request)
        let roll = EnrolledRoll(enrolled)
        var covered = request.covered
        if request.prune { covered.formUnion(declarers.subtracting(sparing)) }
        var old: [DeclaredKey: DeclaredDevice] = [:]
        for device in all where covered.contains(device.declarer) { old[device.key] = device }
        let wantedKeys = Set(wanted.map(\.key))
        let gone = old.values.filter { !wantedKeys.contains($0.key) }.sorted { $0.key < $1.key }
        var change = Change(next: self)
        for device in gone { change.next.remove(device.key) }
        for device in wanted { change.next.put(device) }
        try DeclarationCheck.refuseContradictions(of: wanted, in: change.next, roll)

        change.removed = gone.map(\.key)
        for device in wanted {
            let known = old[device.key]
            let match = roll.match(device)
            // The same again mends what was changed by hand meanwhile.
            let isMended = match.map { match in
                device.labels.contains { labels[match.id]?[$0.key] != $0.value }
            }
            let outcome: ApplyResult.Outcome =
                known.map { $0.says(device) && isMended != true ? .unchanged : .configured } ?? .created
            change.outcomes.append(
                DeclareResult.Outcome(name: device.name, outcome: outcome, device: match?.id, by: device.declarer))
            if known != device { change.stored.append(device) }
            if let doubt = roll.doubt(about: device), !change.warnings.contains(doubt) { change.warnings.append(doubt) }
        }
        for device in gone {
            guard takesBack else {
                change.released.append(device.name)
                continue
            }
            change.outcomes.append(
                DeclareResult.Outcome(
                    name: device.name, outcome: .pruned, device: roll.match(device)?.id, by: device.declarer))
        }
        change.labels = relabelled(
            wanted, before: old.values.filter { takesBack || wantedKeys.contains($0.key) }, change.next, roll, labels)
        try replaceMiddleboxes(request.middleboxes ?? [], covered, &change)
        let next = change.next
        change.undeclared = enrolled.filter { next.declarations(of: $0).isEmpty }.map(\.facts.name).sorted()
        return change
    }

    /// - Throws: `badInput`; `conflict` where two say differently what a box is.
    private func replaceMiddleboxes(
        _ wanted: [DeclaredMiddlebox], _ covered: Set<String>, _ change: inout Change
    ) throws(APIFailure) {
        try DeclarationCheck.check(wanted)
        let old = Dictionary(
            allMiddleboxes.filter { covered.contains($0.declarer) }.map { ($0.key, $0) },
            uniquingKeysWith: { first, _ in first })
        let keys = Set(wanted.map(\.key))
        let gone = old.keys.filter { !keys.contains($0) }.sorted()
        for key in gone { change.next.removeMiddlebox(key) }
        for box in wanted { change.next.put(box) }
        // What stands already comes first, so that the new one is told of.
        try DeclarationCheck.refuseContradictions(
            change.next.allMiddleboxes.filter { !keys.contains($0.key) } + wanted)
        for box in wanted {
            let known = old[box.key]
            let outcome: ApplyResult.Outcome = known.map { $0.says(box) ? .unchanged : .configured } ?? .created
            change.boxOutcomes.append(
                DeclareResult.Outcome(name: box.name, outcome: outcome, device: nil, by: box.declarer))
            if known != box { change.storedBoxes.append(box) }
        }
        change.removedBoxes = gone
        change.boxOutcomes += gone.map {
            DeclareResult.Outcome(name: $0.name, outcome: .pruned, device: nil, by: $0.by)
        }
    }

    /// - Parameter before: declarations that count no more, or are replaced.
    private func relabelled(
        _ wanted: [DeclaredDevice], before: [DeclaredDevice], _ next: DeclaredFleet, _ roll: EnrolledRoll,
        _ labels: [DeviceID: [String: String]]
    ) -> [DeviceID: [String: String]] {
        var said: [DeviceID: [DeclaredDevice]] = [:]
        var says: [DeviceID: [DeclaredDevice]] = [:]
        for old in before { if let id = roll.match(old)?.id { said[id, default: []].append(old) } }
        for new in wanted { if let id = roll.match(new)?.id { says[id, default: []].append(new) } }
        var changed: [DeviceID: [String: String]] = [:]
        for id in Set(said.keys).union(says.keys) {
            guard let device = roll[id] else { continue }
            let present = labels[id] ?? [:]
            var after = present
            // What was said and is said no more goes, unless somebody has said otherwise by hand meanwhile.
            let still = next.declarations(of: device)
            for (key, value) in (said[id] ?? []).flatMap(\.labels)
            where after[key] == value && !still.contains(where: { $0.labels[key] == value }) {
                after[key] = nil
            }
            for declaration in says[id] ?? [] { after.merge(declaration.labels) { _, declared in declared } }
            if after != present { changed[id] = after }
        }
        return changed
    }
}

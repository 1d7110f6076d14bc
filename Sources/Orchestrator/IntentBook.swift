package import IntentCompiler
package import L45Model

/// The intents in force, as records and as what they parse to. A value: a change is tried on a copy and kept only when the
/// CIB has it.
package struct IntentBook: Sendable {
    package private(set) var records: [IntentName: IntentRecord] = [:]
    private(set) var parsed: [IntentName: Intent] = [:]
    /// The level in force; nil: there is no posture.
    package internal(set) var standing: PostureStanding?
    /// Who wrote which part last; an intent from before that was recorded has none.
    package internal(set) var hands: [IntentName: IntentHands] = [:]
    /// Devices that take no part in an intent: a module of it failed its security check there.
    package internal(set) var distrusted: [IntentName: Set<DeviceID>] = [:]

    package init() {}

    /// Intents as the CIB holds them.
    /// - Parameter standing: the level that was in force; nil: none was stored.
    /// - Throws: `badInput` when one no longer parses, as after a downgrade.
    package init(
        _ stored: [IntentRecord], standing: PostureStanding? = nil, hands: [IntentName: IntentHands] = [:]
    ) throws(APIFailure) {
        for record in stored { try put(record) }
        self.standing = standing
        self.hands = hands
    }

    package func intent(_ name: IntentName) -> Intent? { parsed[name] }

    /// What the compiler takes, sorted by name.
    package var entries: [CompilerInput.Entry] {
        records.values.sorted { $0.name < $1.name }.compactMap { record in
            parsed[record.name].map {
                CompilerInput.Entry($0, epoch: record.epoch, excluded: excluded(from: record.name))
            }
        }
    }

    /// What shuts a device out of the head of a chain shuts it out of every link.
    package func excluded(from name: IntentName) -> Set<DeviceID> {
        if distrusted.isEmpty { return [] }
        let own = distrusted[name] ?? []
        return own.union(head(of: name).flatMap { distrusted[$0.name] } ?? [])
    }

    /// Puts the documents of `sources` in force; with `prune`, takes out every intent that they do not name.
    /// - Parameter lastKnown: the record that a withdrawn intent left: one that comes back goes on above it, so that no secret
    ///   serves twice.
    /// - Returns: what became of each, in the order of the sources, pruned ones last.
    /// - Throws: `badInput` with every fault of every source; then nothing has changed.
    package mutating func apply(
        _ sources: [APISource], prune: Bool, sparing: Set<IntentName> = [],
        lastKnown: (IntentName) throws -> IntentRecord?, now: Timestamp
    ) throws -> (outcomes: [ApplyResult.Intent], warnings: [String]) {
        try apply(Self.read(sources), prune: prune, sparing: sparing, lastKnown: lastKnown, now: now)
    }

    /// The same, of sources that were read before.
    /// - Parameter sparing: intents of others, that `prune` leaves in place.
    package mutating func apply(
        _ read: Reading, prune: Bool, sparing: Set<IntentName> = [],
        lastKnown: (IntentName) throws -> IntentRecord?, now: Timestamp
    ) throws -> (outcomes: [ApplyResult.Intent], warnings: [String]) {
        var next = self
        var outcomes: [ApplyResult.Intent] = []
        for (intent, origin) in read.intents {
            let old = next.records[intent.name]
            if let old, old.source == intent.document {
                outcomes.append(ApplyResult.Intent(name: intent.name, outcome: .unchanged, revision: old.revision))
                continue
            }
            let record: IntentRecord
            if var changed = old {
                changed.revision = changed.revision.next
                changed.source = intent.document
                changed.origin = origin
                record = changed
            } else {
                let gone = try lastKnown(intent.name)
                let epoch = gone?.epochMax.next ?? .first
                record = IntentRecord(
                    name: intent.name, revision: gone?.revision.next ?? Generation(1), source: intent.document,
                    origin: origin, epoch: epoch, epochMax: epoch, epochSince: now)
            }
            next.records[record.name] = record
            next.parsed[record.name] = intent
            outcomes.append(
                ApplyResult.Intent(
                    name: record.name, outcome: old == nil ? .created : .configured, revision: record.revision))
        }
        if prune {
            let named = Set(read.intents.map(\.0.name))
            for record in records.values.sorted(by: { $0.name < $1.name })
            where !named.contains(record.name) && !sparing.contains(record.name) {
                next.remove(record.name)
                outcomes.append(
                    ApplyResult.Intent(name: record.name, outcome: .pruned, revision: record.revision))
            }
        }
        let levelWarnings = next.followDocument(from: self, applied: Set(read.intents.map(\.0.name)), now: now)
        self = next
        return (outcomes, read.warnings + levelWarnings)
    }

    /// How new editions go round. One that is come back to was everywhere once: it goes to every device at once.
    package var strategies: [IntentName: RolloutStrategy] {
        parsed.compactMapValues(\.rollout).filter { name, _ in
            // An edition that leaves a device behind that failed goes to all the others at once.
            distrusted[name] == nil && (records[name].map { $0.epoch == $0.epochMax } ?? false)
        }
    }

    /// The record at the head of the chain that an intent adds to; nil: it adds to none, or the chain has no head.
    package func head(of name: IntentName) -> IntentRecord? {
        var seen: Set<IntentName> = [name]
        guard var next = parsed[name]?.after else { return nil }
        while let after = parsed[next]?.after {
            guard seen.insert(next).inserted else { return nil }
            next = after
        }
        return records[next]
    }

    package mutating func remove(_ name: IntentName) {
        records[name] = nil
        parsed[name] = nil
    }

    /// Puts one record in force, as stored or as changed by an operator.
    package mutating func put(_ record: IntentRecord) throws(APIFailure) {
        if let old = records[record.name], old.source == record.source, old.origin == record.origin {
            records[record.name] = record
            return
        }
        let read = try Self.read([APISource(origin: record.origin, text: record.source)])
        guard let intent = read.intents.first?.0, read.intents.count == 1, intent.name == record.name else {
            throw APIFailure(.internalError, "the stored intent '\(record.name)' is not one document of that name")
        }
        records[record.name] = record
        parsed[record.name] = intent
    }

    /// The next edition of an intent's dialects: a rotation. Nothing when there is no such intent.
    package mutating func advance(_ name: IntentName, now: Timestamp) {
        guard let used = records[name]?.epochMax else { return }
        records[name]?.epoch = used.next
        records[name]?.epochMax = used.next
        records[name]?.epochSince = now
    }

    /// What sources say, without fault.
    package struct Reading: Sendable {
        fileprivate var intents: [(Intent, origin: String)]
        fileprivate var warnings: [String]

        var names: Set<IntentName> { Set(intents.map(\.0.name)) }

        /// The documents by name, byte for byte.
        package var documents: [IntentName: String] {
            Dictionary(intents.map { ($0.0.name, $0.0.document) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// - Throws: `badInput` with every fault of every source.
    package static func read(_ sources: [APISource]) throws(APIFailure) -> Reading {
        var intents: [(Intent, origin: String)] = []
        var faults: [String] = []
        var warnings: [String] = []
        var seen: [IntentName: String] = [:]
        for source in sources {
            let result = IntentParser.parse(IntentSource(origin: source.origin, text: source.text))
            faults += result.diagnostics.filter { $0.severity == .error }.map { $0.rendered() }
            warnings += result.diagnostics.filter { $0.severity == .warning }.map { $0.rendered() }
            for intent in result.intents {
                if let first = seen[intent.name], first != source.origin {
                    faults.append(
                        "\(source.origin): error: intent '\(intent.name)' stands in \(first) too; give one of them another name"
                    )
                }
                seen[intent.name] = source.origin
                intents.append((intent, source.origin))
            }
        }
        guard faults.isEmpty else {
            throw APIFailure(
                .badInput, "the intents have \(counted(faults.count, "fault")); nothing was changed",
                diagnostics: faults)
        }
        return Reading(intents: intents, warnings: warnings)
    }
}

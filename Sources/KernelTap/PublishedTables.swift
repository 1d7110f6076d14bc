import L45Model

/// The tables that a tap was given and may still work by: the published one, and those before it until no call works by
/// them any more. Pure.
struct PublishedTables: Sendable {
    /// A process that is stopped inside a call holds back the generation in force; the phases of a rollout wait for it, so
    /// more than a few never gather.
    static let countMax = 8

    /// By generation, ascending.
    private(set) var tables: [(table: DeviceTable, digest: Digest)] = []

    mutating func append(_ table: DeviceTable, digest: Digest) {
        tables.removeAll { $0.table.generation >= table.generation }
        tables.append((table, digest))
        if tables.count > Self.countMax { tables.removeFirst() }
    }

    mutating func forget(below generation: Generation) {
        tables.removeAll { $0.table.generation < generation }
    }

    mutating func removeAll() { tables = [] }

    /// The table of this generation; nil when it is not known, or when it is known with another digest.
    func table(_ generation: Generation, digest: Digest?) -> (table: DeviceTable, digest: Digest)? {
        tables.first { $0.table.generation == generation && (digest == nil || $0.digest == digest) }
    }
}

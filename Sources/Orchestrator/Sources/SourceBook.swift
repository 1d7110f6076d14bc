package import Inventory
package import L45Model

/// The git sources that are followed, when each is due, and which intents are theirs to keep. A value.
package struct SourceBook: Sendable {
    package struct Entry: Sendable {
        package var stored: StoredSource
        /// Looked at again at this time.
        var dueAt: Timestamp
        var isUnderWay = false
        /// Another one after each hand on it: a look that began before counts for nothing.
        var edition = 0
        /// When it was last looked at, also where nothing was worth storing.
        var lookedAt: Timestamp?
    }

    package private(set) var entries: [String: Entry] = [:]
    package private(set) var owners: [IntentName: IntentOwner] = [:]
    private var editions = 0
    /// When their health was last looked at.
    var healthAt: Timestamp = .never

    package static let sourcesMax = 64
    /// Looks at a time.
    static let underWayMax = 8

    package init(_ stored: (sources: [StoredSource], owners: [IntentOwner])) {
        for source in stored.sources { entries[source.spec.name] = Entry(stored: source, dueAt: .never) }
        for owner in stored.owners { owners[owner.intent] = owner }
    }

    // MARK: Who keeps what

    /// Intents that some source keeps.
    package var kept: Set<IntentName> { Set(owners.keys) }

    /// Of all that are followed: `git/NAME`.
    package var managers: Set<String> { Set(entries.values.map(\.stored.spec.manager)) }

    package func owned(by source: String) -> [IntentName: IntentOwner] { owners.filter { $0.value.source == source } }

    /// Intents that are not as their source says, by name.
    package func drifted(_ source: String, from book: IntentBook) -> [IntentName] {
        owned(by: source).values.filter { isDrifted($0, book) }.map(\.intent).sorted()
    }

    package func isDrifted(_ owner: IntentOwner, _ book: IntentBook) -> Bool {
        book.records[owner.intent].map { SourceBook.digest($0.source) != owner.digest } ?? true
    }

    package static func digest(_ document: String) -> Digest { Digest(of: Array(document.utf8)) }

    /// - Throws: `conflict`, naming the first of them, its source and the ways out.
    func refuse(_ foreign: Set<IntentName>) throws(APIFailure) {
        guard let name = foreign.min(), let owner = owners[name], let spec = entries[owner.source]?.stored.spec else {
            return
        }
        let others = foreign.count > 1 ? " and \(foreign.count - 1) more are" : " is"
        throw APIFailure(
            .conflict, "intent '\(name)'\(others) kept by \(spec.manager), from \(spec.url); nothing was changed",
            hint: "commit the change there, or add --force: "
                + (spec.drift == .correct
                    ? "the next look undoes it, unless 'l45 source suspend \(spec.name)' comes first"
                    : "it holds until the next commit"))
    }

    func warning(of name: IntentName) -> String {
        let owner = owners[name].map { "git/\($0.source)" } ?? ""
        return "warning: intent '\(name)' is kept by \(owner): an apply of this is refused without --force"
    }

    // MARK: Changes

    mutating func put(_ stored: StoredSource, due: Timestamp) {
        let name = stored.spec.name
        // Of all sources together: one that is removed and added again is another one.
        editions += 1
        let isUnderWay = entries[name]?.isUnderWay ?? false
        entries[name] = Entry(stored: stored, dueAt: due, isUnderWay: isUnderWay, edition: editions)
    }

    mutating func update(_ name: String, _ change: (inout Entry) -> Void) {
        guard var entry = entries[name] else { return }
        change(&entry)
        entries[name] = entry
    }

    mutating func own(_ owned: [IntentOwner], released: [IntentName]) {
        for name in released { owners[name] = nil }
        for owner in owned { owners[owner.intent] = owner }
    }

    mutating func remove(_ name: String) {
        entries[name] = nil
        owners = owners.filter { $0.value.source != name }
    }

    // MARK: Time

    func isDue(_ now: Timestamp) -> Bool { entries.values.contains { isDue($0, now) } }

    private func isDue(_ entry: Entry, _ now: Timestamp) -> Bool {
        guard !entry.isUnderWay, !entry.stored.standing.suspended else { return false }
        // A clock that was set back must not put a look off.
        return entry.dueAt <= now || entry.dueAt > now + entry.stored.spec.every
    }

    /// How long it is until one is due: 20 ms to 1 s.
    func untilDue(_ now: Timestamp) -> Span {
        let next = entries.values.filter { !$0.isUnderWay && !$0.stored.standing.suspended }.map(\.dueAt).min()
        return min(max(next.map { $0 - now } ?? .seconds(1), .milliseconds(20)), .seconds(1))
    }

    /// Those to be looked at now: as many as there is room for, those first that are longest due.
    mutating func takeDue(_ now: Timestamp) -> [String] {
        let room = Self.underWayMax - entries.values.count { $0.isUnderWay }
        let due = entries.filter { isDue($0.value, now) }.sorted { ($0.value.dueAt, $0.key) < ($1.value.dueAt, $1.key) }
        let taken = due.prefix(max(0, room)).map(\.key)
        for name in taken {
            update(name) { entry in
                entry.isUnderWay = true
                // What asks for a look meanwhile brings it forward again.
                entry.dueAt = now + entry.stored.spec.every
            }
        }
        return taken
    }
}

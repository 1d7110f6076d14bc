/// A device as files declare it: who it is, and what operators label it with.
package struct DeclaredDevice: Hashable, Codable, Sendable {
    /// The name that its agent says.
    package var name: String
    /// Its id, or nil: whichever one device says the name.
    package var id: DeviceID?
    /// Those of its groups among them.
    package var labels: [String: String]
    /// Sorted.
    package var groups: [String]
    /// The file.
    package var origin: String
    /// Where in it, `fleet.yaml:7:5`, `hosts.csv:3`; nil: not known.
    package var place: String?
    /// Who declares it, where that is not the file: a document's own name, what `--as` said, `git/NAME`.
    package var by: String?

    package static let devicesMax = 10_000
    package static let labelsMax = 64
    package static let charactersMax = 253
    /// Of a place and of who declares.
    package static let placeCharactersMax = 1_024

    package init(
        name: String, id: DeviceID? = nil, labels: [String: String] = [:], groups: [String] = [], origin: String,
        place: String? = nil, by: String? = nil
    ) {
        self.name = name
        self.id = id
        self.labels = labels
        self.groups = groups.sorted()
        self.origin = origin
        self.place = place
        self.by = by
    }

    /// Who declares it. What one declares again replaces what it declared before, and nothing of another's.
    package var declarer: String { by ?? Self.declarer(ofFile: origin) }

    /// A file's name as a declarer's: `./hosts.csv` is `hosts.csv`.
    package static func declarer(ofFile path: String) -> String {
        var name = path.split(separator: "/", omittingEmptySubsequences: true).filter { $0 != "." }.joined(
            separator: "/")
        if path.hasPrefix("/") { name = "/" + name }
        return name.isEmpty ? path : name
    }

    package var key: DeclaredKey { DeclaredKey(name: name, by: declarer) }
    /// As exactly as it is known.
    package var whereabouts: String { place ?? origin }

    /// What is said, wherever it stands.
    package func says(_ other: DeclaredDevice) -> Bool {
        name == other.name && id == other.id && labels == other.labels && groups == other.groups
    }
}

/// One declaration: of which device, and whose. Ordered by name.
package struct DeclaredKey: Hashable, Comparable, Sendable {
    package var name: String
    package var by: String

    package init(name: String, by: String) {
        self.name = name
        self.by = by
    }

    package static func < (a: DeclaredKey, b: DeclaredKey) -> Bool { (a.name, a.by) < (b.name, b.by) }
}

/// Devices to be declared, all or none. They replace what the same declarers declared before.
package struct DeclareRequest: Hashable, Codable, Sendable {
    package var devices: [DeclaredDevice]
    /// nil: none.
    package var middleboxes: [DeclaredMiddlebox]?
    /// Those who declare, whether or not there is a device left that they name; nil: those of the devices.
    package var declarers: [String]?
    /// Take back what others declared, too.
    package var prune: Bool
    /// Say what would change, and change nothing.
    package var dryRun: Bool
    package init(
        devices: [DeclaredDevice], middleboxes: [DeclaredMiddlebox]? = nil, declarers: [String]? = nil,
        prune: Bool = false, dryRun: Bool = false
    ) {
        self.middleboxes = middleboxes
        self.devices = devices
        self.declarers = declarers
        self.prune = prune
        self.dryRun = dryRun
    }

    /// Whose declarations these replace.
    package var covered: Set<String> {
        Set(declarers ?? []).union(devices.map(\.declarer)).union((middleboxes ?? []).map(\.declarer))
    }
}

/// What a declaration did, or with `dryRun` would do.
package struct DeclareResult: Hashable, Codable, Sendable {
    package struct Outcome: Hashable, Codable, Sendable {
        package var name: String
        package var outcome: ApplyResult.Outcome
        /// The enrolled device that it is of; nil: none yet, or the name is not enough to tell.
        package var device: DeviceID?
        /// Who declares it.
        package var by: String?
        package init(name: String, outcome: ApplyResult.Outcome, device: DeviceID?, by: String? = nil) {
            self.name = name
            self.outcome = outcome
            self.device = device
            self.by = by
        }
    }

    package var dryRun: Bool
    /// In the order of the request, pruned ones last.
    package var devices: [Outcome]
    /// The same of middleboxes; nil: there are none.
    package var middleboxes: [Outcome]?
    /// Names that two devices say.
    package var warnings: [String]
    /// Enrolled devices that no file names afterwards, by name; sorted.
    package var undeclared: [String]

    package init(dryRun: Bool, devices: [Outcome], warnings: [String], undeclared: [String]) {
        self.dryRun = dryRun
        self.devices = devices
        self.warnings = warnings
        self.undeclared = undeclared
    }

    package var all: [Outcome] { devices + (middleboxes ?? []) }

    package var differs: Bool { all.contains { $0.outcome != .unchanged } }

    /// `2 created, 1 pruned`: devices and middleboxes.
    package var counts: String {
        ApplyResult.Outcome.allCases.compactMap { outcome in
            let count = all.count { $0.outcome == outcome }
            return count > 0 ? "\(count) \(outcome.rawValue)" : nil
        }.joined(separator: ", ")
    }
}

/// A declared middlebox as operators see it, with the guarded paths that it stands on.
package struct MiddleboxView: Hashable, Codable, Sendable {
    package struct OnPath: Hashable, Codable, Sendable {
        package var device: DeviceID
        package var deviceName: String
        package var path: PathName
        /// What it is declared to do there, and whether it was seen.
        package var findings: [MiddleboxFinding]
        package init(device: DeviceID, deviceName: String, path: PathName, findings: [MiddleboxFinding]) {
            self.device = device
            self.deviceName = deviceName
            self.path = path
            self.findings = findings
        }
    }

    package var name: String
    package var declared: DeclaredMiddlebox
    package var declaredBy: String
    /// Sorted by device and path.
    package var paths: [OnPath]

    package init(_ declared: DeclaredMiddlebox, paths: [OnPath]) {
        name = declared.name
        self.declared = declared
        declaredBy = declared.declarer
        self.paths = paths
    }
}

/// What is declared of one extension in one direction of a path, held against what was measured.
package struct MiddleboxFinding: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable {
        /// Declared, and measured.
        case seen
        /// Declared, and measured to be intact.
        case notSeen = "not-seen"
        /// Declared, and not measured: the path was not looked at, or the look could not tell.
        case unknown
        /// Measured, and no declared middlebox says so.
        case unexplained
    }

    /// As the device sees it that guards the path.
    package enum Direction: String, Hashable, Codable, Sendable, CaseIterable { case out, back }

    package var subject: PathExtension
    package var direction: Direction
    package var kind: Kind
    /// Names of the boxes that are declared to do it; sorted.
    package var by: [String]

    package init(_ subject: PathExtension, _ direction: Direction, _ kind: Kind, by: [String] = []) {
        self.subject = subject
        self.direction = direction
        self.kind = kind
        self.by = by
    }

    /// Whether what was measured and what was declared contradict each other.
    package var isSurprise: Bool { kind == .notSeen || kind == .unexplained }

    package var text: String {
        let what = "\(subject.words) \(direction == .out ? "on the way out" : "on the way back")"
        let who = by.joined(separator: " and ")
        return switch kind {
        case .seen: "\(what) is changed, as declared of \(who)"
        case .notSeen: "\(what) is intact, and \(who) is declared to change it"
        case .unknown: "\(what) was not measured; \(who) is declared to change it"
        case .unexplained: "\(what) is changed, and no declared middlebox says so"
        }
    }
}

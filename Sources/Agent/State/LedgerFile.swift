package import L45Model

/// The ledger on disk: a line with format and checksum, then JSON. 0600, since it has the dialects' secrets.
package struct LedgerFile: Sendable {
    private let file: CheckedFile<Ledger>
    package var path: String { file.path }

    package init(folder: String) {
        file = CheckedFile(
            path: "\(folder)/ledger", title: "l45-ledger", format: "1", noun: "ledger", bytesMax: Self.bytesMax,
            consequence: "the device waits for its table")
    }

    /// More than the largest table: 512 rules of some 2 KiB each.
    package static let bytesMax = 64 << 20
    package struct Loaded: Hashable, Sendable {
        /// nil: the device has taken nothing on yet, or what it had is lost.
        package var ledger: Ledger?
        /// What was wrong, for the operator; the file that was wrong stands aside.
        package var problem: String?
        package init(ledger: Ledger? = nil, problem: String? = nil) {
            self.ledger = ledger
            self.problem = problem
        }
    }

    /// Reads it. A torn, altered or foreign file is set aside as `ledger.broken` and the device starts empty: its tap
    /// goes on with what was published, and the orchestrator sends the table again.
    ///
    /// - Throws: `StateError.newer` for a format that this version does not know, `StateError.system` when the disk can
    ///   not be read: neither is a reason to forget.
    package func load(for device: DeviceID) throws(StateError) -> Loaded {
        let found = try file.load { ledger in
            ledger.table.device == device ? nil : "is of device \(ledger.table.device), this is \(device)"
        }
        return Loaded(ledger: found.value, problem: found.problem)
    }

    /// Keeps it: on the disk when this returns.
    /// - Throws: `StateError.full`, `StateError.system`; the ledger of before is intact.
    package func store(_ ledger: Ledger) throws(StateError) { try file.store(ledger) }
}

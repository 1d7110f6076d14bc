import Foundation
package import L45Model

/// The ledger on disk: a line with format and checksum, then JSON. 0600, since it has the dialects' secrets.
package struct LedgerFile: Sendable {
    package let path: String

    /// More than the largest table: 512 rules of some 2 KiB each.
    package static let bytesMax = 64 << 20
    private static let title = "l45-ledger"
    private static let format = "1"

    package init(folder: String) { path = "\(folder)/ledger" }

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
        guard let bytes = try DurableFile.read(path, bytesMax: Self.bytesMax) else { return Loaded() }
        switch try parse(bytes) {
        case .success(let ledger) where ledger.table.device == device: return Loaded(ledger: ledger)
        case .success(let ledger): return try setAside("is of device \(ledger.table.device), this is \(device)")
        case .failure(let damage): return try setAside(damage.reason)
        }
    }

    /// Keeps it: on the disk when this returns.
    /// - Throws: `StateError.full`, `StateError.system`; the ledger of before is intact.
    package func store(_ ledger: Ledger) throws(StateError) {
        let body: Data
        do { body = try CanonicalJSON.encode(ledger) } catch {
            throw .system(operation: "encode the ledger for", path: path, errno: EINVAL)
        }
        let header = "\(Self.title) \(Self.format) \(Digest(of: body))\n"
        try DurableFile.replace(path, with: Array(header.utf8) + body)
    }

    private struct Damage: Error { var reason: String }

    private func parse(_ bytes: [UInt8]) throws(StateError) -> Result<Ledger, Damage> {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            return .failure(Damage(reason: "has no first line (\(bytes.count) bytes)"))
        }
        let words = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
        guard words.count == 3, words[0] == Self.title else {
            return .failure(Damage(reason: "begins as no ledger does"))
        }
        guard words[1] == Self.format else { throw .newer(path: path, format: String(words[1])) }
        let body = bytes[(end + 1)...]
        guard Digest(of: Data(body)).hex == words[2] else {
            return .failure(Damage(reason: "does not have the checksum that it names (\(body.count) bytes)"))
        }
        do { return .success(try CanonicalJSON.decode(Ledger.self, from: Data(body))) } catch {
            return .failure(Damage(reason: "can not be decoded: \(error)"))
        }
    }

    private func setAside(_ reason: String) throws(StateError) -> Loaded {
        try DurableFile.rename(path, to: path + ".broken")
        return Loaded(
            problem: "the ledger \(reason); it was set aside as \(path).broken, and the device waits for its table")
    }
}

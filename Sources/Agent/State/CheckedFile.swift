import Foundation
import L45Model

/// A value on disk: a line with title, format and checksum, then JSON; 0600. It is there in whole, or as it was before.
struct CheckedFile<Value: Codable & Hashable & Sendable>: Sendable {
    let path: String
    /// First word of the file, `l45-ledger`.
    let title: String
    let format: String
    /// For messages, `ledger`.
    let noun: String
    let bytesMax: Int
    /// What is lost when it is set aside, for the operator.
    let consequence: String

    /// Reads it. A torn, altered or foreign file is set aside as `PATH.broken`.
    ///
    /// - Parameter objection: why the value is not of this device; nil: it is.
    /// - Returns: neither value nor problem where there is no file.
    /// - Throws: `StateError.newer` for a format that this version does not know, `StateError.system` when the disk can
    ///   not be read: neither is a reason to forget.
    func load(objection: (Value) -> String?) throws(StateError) -> (value: Value?, problem: String?) {
        guard let bytes = try DurableFile.read(path, bytesMax: bytesMax) else { return (nil, nil) }
        switch try parse(bytes) {
        case .success(let value):
            guard let reason = objection(value) else { return (value, nil) }
            return (nil, try setAside(reason))
        case .failure(let damage): return (nil, try setAside(damage.reason))
        }
    }

    /// Keeps it: on the disk when this returns.
    /// - Throws: `StateError.full`, `StateError.system`; what was there before is intact.
    func store(_ value: Value) throws(StateError) {
        let body: Data
        do { body = try CanonicalJSON.encode(value) } catch {
            throw .system(operation: "encode the \(noun) for", path: path, errno: EINVAL)
        }
        try DurableFile.replace(path, with: Array("\(title) \(format) \(Digest(of: body))\n".utf8) + body)
    }

    /// Overwrites what it holds and removes it; does nothing where there is no file.
    func remove() throws(StateError) { try DurableFile.remove(path) }

    private struct Damage: Error { var reason: String }

    private func parse(_ bytes: [UInt8]) throws(StateError) -> Result<Value, Damage> {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
            return .failure(Damage(reason: "has no first line (\(bytes.count) bytes)"))
        }
        let words = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
        guard words.count == 3, words[0] == title else {
            return .failure(Damage(reason: "begins as no \(noun) does"))
        }
        guard words[1] == format else { throw .newer(path: path, format: String(words[1])) }
        let body = bytes[(end + 1)...]
        guard Digest(of: Data(body)).hex == words[2] else {
            return .failure(Damage(reason: "does not have the checksum that it names (\(body.count) bytes)"))
        }
        do { return .success(try CanonicalJSON.decode(Value.self, from: Data(body))) } catch {
            return .failure(Damage(reason: "can not be decoded: \(error)"))
        }
    }

    private func setAside(_ reason: String) throws(StateError) -> String {
        try DurableFile.rename(path, to: path + ".broken")
        return "the \(noun) \(reason); it was set aside as \(path).broken, and \(consequence)"
    }
}

import Foundation
import L45Model

/// Names a module plan on its device by all of its content, secrets too: 16 bytes of a keyed digest.
///
/// The same module id with another content, as when only the priority changed, has another key.
struct ModuleKey: Hashable, Sendable {
    static let byteCount = 16
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter bytes: at least `offset + 16` of them.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        high = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        low = bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
    }

    var bytes: Data {
        var data = Data(capacity: Self.byteCount)
        append(to: &data)
        return data
    }

    func append(to data: inout Data) {
        withUnsafeBytes(of: high) { data.append(contentsOf: $0) }
        withUnsafeBytes(of: low) { data.append(contentsOf: $0) }
    }
}

/// What a device's row says of one module: which, and the part it plays.
struct StoredEntry: Hashable, Sendable {
    var key: ModuleKey
    var state: ModuleState
    var enforcing: Bool

    /// 16 bytes of key, one of state, one of enforcing.
    static let byteCount = ModuleKey.byteCount + 2

    static func pack(_ entries: [StoredEntry]) -> Data {
        var data = Data(capacity: entries.count * byteCount)
        for entry in entries {
            entry.key.append(to: &data)
            data.append(entry.state.code)
            data.append(entry.enforcing ? 1 : 0)
        }
        return data
    }

    /// - Returns: nil when the bytes are no packed entries.
    static func unpack(_ data: Data) -> [StoredEntry]? {
        guard data.count.isMultiple(of: byteCount) else { return nil }
        return data.withUnsafeBytes { bytes -> [StoredEntry]? in
            var entries: [StoredEntry] = []
            entries.reserveCapacity(bytes.count / byteCount)
            for at in stride(from: 0, to: bytes.count, by: byteCount) {
                guard let state = ModuleState(code: bytes[at + 16]), bytes[at + 17] <= 1 else { return nil }
                entries.append(
                    StoredEntry(key: ModuleKey(bytes, at: at), state: state, enforcing: bytes[at + 17] == 1))
            }
            return entries
        }
    }
}

extension ModuleState {
    /// As stored. Never renumbered: files outlive releases.
    var code: UInt8 {
        switch self {
        case .deactivated: 0
        case .standby: 1
        case .active: 2
        case .deprecated: 3
        }
    }

    init?(code: UInt8) {
        switch code {
        case 0: self = .deactivated
        case 1: self = .standby
        case 2: self = .active
        case 3: self = .deprecated
        default: return nil
        }
    }
}

import Crypto
import Foundation
package import L45Model
package import Reconciler

/// The keys of all paths, in memory: what each device is to have, and what it has said that it holds. A value; the secrets in it are
/// derived again whenever an orchestrator begins.
package struct PathKeyDesk: Sendable, CustomStringConvertible {
    private struct KeyName: Hashable {
        let path: PathName
        let opener: DeviceID
        let far: DeviceID
        let epoch: UInt64
    }

    private let root: Secret
    package private(set) var devices: [DeviceID: PathKeyDevice] = [:]
    /// What each device is to have.
    private var wanted: [DeviceID: PathKeys] = [:]
    /// Derived once each; those that are no longer wanted are dropped.
    private var derived: [KeyName: Secret] = [:]
    /// Something changed that keys are decided on.
    package private(set) var isStale = true
    private var epoch: UInt64?

    package init(root: Secret) { self.root = root }

    package var description: String { "path keys of \(wanted.count) devices" }

    // MARK: What comes

    /// Tables, addresses or names changed.
    package mutating func stale() { isStale = true }

    /// - Parameter tag: of what its agent keeps, empty where that is nothing; nil: it takes no keys.
    package mutating func connected(_ id: DeviceID, tag: String?) {
        var device = devices[id] ?? PathKeyDevice()
        device.isConnected = true
        device.takesKeys = tag != nil
        device.sentAt = nil
        // Keys that it has are delivered again, with the time; that it has none is taken at its word.
        device.held = tag == "" ? "" : nil
        if tag == "" { device.known = PathKeys(device: id, tag: "", sentAt: .never, entries: []) }
        devices[id] = device
        isStale = true
    }

    package mutating func disconnected(_ id: DeviceID) {
        devices[id]?.isConnected = false
        devices[id]?.held = nil
    }

    package mutating func forget(_ id: DeviceID) {
        devices[id] = nil
        wanted[id] = nil
        isStale = true
    }

    /// A device keeps what was sent under `tag`.
    /// - Returns: what it holds now; nil where it speaks of something that is no longer wanted, or has said so before.
    package mutating func held(_ id: DeviceID, tag: String) -> PathKeys? {
        guard let keys = wanted[id], keys.tag == tag, devices[id] != nil, devices[id]?.held != tag else { return nil }
        devices[id]?.held = tag
        devices[id]?.known = keys
        isStale = true
        return keys
    }

    package mutating func sent(_ id: DeviceID, now: Timestamp) { devices[id]?.sentAt = now }

    // MARK: What is decided

    /// The keys to be sent now.
    package mutating func due(
        _ paths: [DeviceID: PathDevice], signed: () -> [PathTrust.Place: UInt64], names: () -> [DeviceID: String],
        now: Timestamp
    ) throws -> [PathKeys] {
        let present = PathKeySchedule.epoch(at: now)
        if isStale || epoch != present {
            try decide(PathKeyStep(paths: paths, keys: devices, signed: signed(), names: names(), now: now))
            isStale = false
            epoch = present
        }
        return wanted.values.compactMap { keys in
            guard let device = devices[keys.device], PathKeyStep.isDue(device, keys, now: now) else { return nil }
            var keys = keys
            keys.sentAt = now
            return keys
        }.sorted { $0.device < $1.device }
    }

    /// Something is sent and not confirmed.
    package var isUnsettled: Bool {
        wanted.values.contains { keys in
            guard let device = devices[keys.device] else { return false }
            return device.isConnected && device.takesKeys && device.held != keys.tag
        }
    }

    /// Of the path's opener.
    package func entry(_ place: PathTrust.Place) -> PathKeyEntry? {
        wanted[place.device]?.entry(place.path, of: place.device)
    }

    /// Whether a device is that end of a path.
    package func mayTell(of place: PathTrust.Place, device: DeviceID, opens: Bool) -> Bool {
        wanted[device]?.entry(place.path, of: place.device)?.opens == opens
    }

    private mutating func decide(_ step: PathKeyStep) throws {
        var used: [KeyName: Secret] = [:]
        let entries = step.wanted { path, opener, far, epoch in
            let name = KeyName(path: path, opener: opener, far: far, epoch: epoch)
            let secret =
                used[name] ?? derived[name]
                ?? PathKeySchedule.key(root: root, path: path, from: opener, to: far, epoch: epoch)
            used[name] = secret
            return secret
        }
        derived = used
        var next: [DeviceID: PathKeys] = [:]
        // A device that had keys is told that it has none.
        for id in Set(entries.keys).union(devices.keys) {
            next[id] = try keys(of: id, entries[id] ?? [], now: step.now)
        }
        for (id, keys) in next where wanted[id]?.tag != keys.tag { devices[id]?.sentAt = nil }
        wanted = next
    }

    private func keys(of id: DeviceID, _ entries: [PathKeyEntry], now: Timestamp) throws -> PathKeys {
        let sorted = PathKeys(device: id, tag: "", sentAt: .never, entries: Array(entries.prefix(PathKeys.entriesMax)))
        guard !sorted.entries.isEmpty else { return sorted }
        let code = HMAC<SHA256>.authenticationCode(
            for: try CanonicalJSON.encode(sorted), using: SymmetricKey(data: root.bytes))
        return PathKeys(
            device: id, tag: Hex.string(code.prefix(PathKeys.tagBytes)), sentAt: now, entries: sorted.entries)
    }
}

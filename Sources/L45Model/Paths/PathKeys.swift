/// The keys that one device has of paths: a whole state, apart from its `PathTable`, which is digested, stored and shown.
package struct PathKeys: Hashable, Codable, Sendable, CustomStringConvertible {
    package let device: DeviceID
    /// Names the content, and says nothing of it to who lacks the orchestrator's secret. The device says it back.
    package let tag: String
    /// The orchestrator's clock when this left it: both ends of a path number their exchanges by it.
    package var sentAt: Timestamp
    /// Sorted by path and opener.
    package let entries: [PathKeyEntry]

    package static let entriesMax = 4096
    /// Of one path on one device.
    package static let keysMax = 8
    package static let tagBytes = 16

    package init(device: DeviceID, tag: String, sentAt: Timestamp, entries: [PathKeyEntry]) {
        self.device = device
        self.tag = tag
        self.sentAt = sentAt
        self.entries = entries.sorted { ($0.path, $0.opener) < ($1.path, $1.opener) }
    }

    package func entry(_ path: PathName, of opener: DeviceID) -> PathKeyEntry? {
        entries.first { $0.path == path && $0.opener == opener }
    }

    package var description: String { "\(entries.count) entries of path keys for device \(device)" }
}

/// What one device needs to sign the probes of a path, or to answer them.
package struct PathKeyEntry: Hashable, Codable, Sendable, CustomStringConvertible {
    /// The opener's path.
    package var path: PathName
    package var opener: DeviceID
    /// This device is the opener; else it answers.
    package var opens: Bool
    /// The opener's addresses.
    package var sources: [AddressBlock]
    /// Who is probed, and on which TCP port.
    package var probe: AddressBlock
    package var port: UInt16
    /// Ascending. The opener has at most one, which it signs with; the other end accepts all of its own.
    package var keys: [EpochKey]
    /// Why the opener has none, in words.
    package var whyPlain: String

    package init(
        path: PathName, opener: DeviceID, opens: Bool, sources: [AddressBlock], probe: AddressBlock, port: UInt16,
        keys: [EpochKey], whyPlain: String = ""
    ) {
        self.path = path
        self.opener = opener
        self.opens = opens
        self.sources = sources
        self.probe = probe
        self.port = port
        self.keys = keys.sorted { $0.epoch < $1.epoch }
        self.whyPlain = whyPlain
    }

    package var epochs: Set<UInt64> { Set(keys.map(\.epoch)) }

    package var description: String {
        let held = keys.map { "\($0.epoch)" }.joined(separator: ", ")
        return "\(opens ? "opens" : "answers") \(path): \(held.isEmpty ? "no key" : "keys of epochs \(held)")"
    }
}

/// The key of a path in one epoch.
package struct EpochKey: Hashable, Codable, Sendable, CustomStringConvertible {
    package var epoch: UInt64
    /// `PathKeySchedule.keyBytes` of them.
    package var secret: Secret

    package init(epoch: UInt64, secret: Secret) {
        self.epoch = epoch
        self.secret = secret
    }

    package var description: String { "key of epoch \(epoch)" }
}

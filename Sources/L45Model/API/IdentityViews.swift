/// A device that is never to be taken again: name, id or the start of an id.
package struct EvictRequest: Hashable, Codable, Sendable {
    package var device: String
    /// For the trail.
    package var reason: String
    package init(device: String, reason: String = "") {
        self.device = device
        self.reason = reason
    }
}

/// What an eviction did.
package struct EvictResult: Hashable, Codable, Sendable {
    package var device: DeviceID
    package var name: String
    /// Serials of the certificates that were in force, in lowercase hex.
    package var certificates: [String]
    /// Its connection was closed.
    package var wasConnected: Bool
    package init(device: DeviceID, name: String, certificates: [String], wasConnected: Bool) {
        self.device = device
        self.name = name
        self.certificates = certificates
        self.wasConnected = wasConnected
    }
}

/// What to do with the authority.
package struct AuthorityRequest: Hashable, Codable, Sendable {
    /// Begin the change to a new one; false: tell how it stands.
    package var rotate: Bool
    package init(rotate: Bool = false) { self.rotate = rotate }
}

/// How the authority of certificates, and the change to a new one, stands.
package struct AuthorityView: Hashable, Codable, Sendable {
    /// Devices that are told by name; of more, the number alone.
    package static let waitingMax = 100

    package struct Waiting: Hashable, Codable, Sendable {
        package var device: DeviceID
        package var name: String
        package var isConnected: Bool
        package var reason: String
        package init(device: DeviceID, name: String, isConnected: Bool, reason: String) {
            self.device = device
            self.name = name
            self.isConnected = isConnected
            self.reason = reason
        }
    }

    /// `settled`, `distributing`, `renewing`, `dropping`.
    package var phase: String
    package var since: APITime
    /// Fingerprint of the one that issues, SHA-256.
    package var issuing: Digest
    /// Of the one that comes or goes; nil when settled.
    package var other: Digest?
    package var devices: Int
    /// Devices that hold the phase.
    package var waitingCount: Int
    package var waiting: [Waiting]

    package init(
        phase: String, since: Timestamp, issuing: Digest, other: Digest?, devices: Int, waitingCount: Int,
        waiting: [Waiting]
    ) {
        self.phase = phase
        self.since = APITime(since)
        self.issuing = issuing
        self.other = other
        self.devices = devices
        self.waitingCount = waitingCount
        self.waiting = waiting
    }
}

import Foundation
import GRDB
package import L45Model

/// A certificate that the orchestrator's CA gave out.
package struct IssuedCertificate: Hashable, Sendable {
    /// As the CA writes it, in lowercase hex.
    package var serial: String
    package var device: DeviceID
    package var issuedAt: Timestamp
    package var notAfter: Timestamp
    /// nil: in force.
    package var revokedAt: Timestamp?

    package init(
        serial: String, device: DeviceID, issuedAt: Timestamp, notAfter: Timestamp, revokedAt: Timestamp? = nil
    ) {
        self.serial = serial
        self.device = device
        self.issuedAt = issuedAt
        self.notAfter = notAfter
        self.revokedAt = revokedAt
    }
}

/// What a device showed, and which authorities it says that it trusts.
package struct CertificateInUse: Hashable, Sendable {
    package var certificate: IssuedCertificate
    /// The fingerprint of the authority that issued it.
    package var authority: Digest
    package var trusts: [Digest]

    package init(certificate: IssuedCertificate, authority: Digest, trusts: [Digest]) {
        self.certificate = certificate
        self.authority = authority
        self.trusts = trusts
    }
}

/// The same, as it is kept.
package struct CertificateStanding: Hashable, Sendable {
    package var serial: String
    package var authority: Digest
    package var trusts: [Digest]

    package init(serial: String, authority: Digest, trusts: [Digest]) {
        self.serial = serial
        self.authority = authority
        self.trusts = trusts
    }
}

/// A device that is never taken again.
package struct Eviction: Hashable, Sendable {
    package var device: DeviceID
    package var name: String
    package var at: Timestamp
    package var reason: String
}

extension Inventory {
    /// Notes a certificate before it is handed out. The same serial again replaces the note.
    package func record(_ certificate: IssuedCertificate) throws(InventoryError) {
        try write("note the certificate \(certificate.serial)") { db in
            try db.execute(
                sql: """
                    INSERT OR REPLACE INTO certificate (serial, device, issued_at, expires_at, revoked_at)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [
                    certificate.serial, certificate.device.rawValue, certificate.issuedAt.rawValue,
                    certificate.notAfter.rawValue, certificate.revokedAt?.rawValue,
                ])
        }
    }

    /// By serial; nil: of all devices.
    package func certificates(of device: DeviceID? = nil) throws(InventoryError) -> [IssuedCertificate] {
        try read("read the certificates") { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM certificate WHERE device = ?1 OR ?1 IS NULL ORDER BY serial",
                arguments: [device?.rawValue]
            ).map { row in
                IssuedCertificate(
                    serial: row["serial"], device: DeviceID(row["device"]), issuedAt: Timestamp(row["issued_at"]),
                    notAfter: Timestamp(row["expires_at"]),
                    revokedAt: (row["revoked_at"] as Int64?).map { Timestamp($0) })
            }
        }
    }

    /// Devices all of whose certificates were revoked, by `forget`: none may connect until it is enrolled anew. And those
    /// that were evicted, which never may.
    package func revokedDevices() throws(InventoryError) -> Set<DeviceID> {
        try read("read the revoked certificates") { db in
            let ids = try String.fetchAll(
                db,
                sql: """
                    SELECT device FROM certificate GROUP BY device HAVING count(revoked_at) = count(*)
                    UNION SELECT device FROM evicted_device
                    """)
            return Set(ids.map { DeviceID($0) })
        }
    }

    /// Serials that are refused though their dates are good.
    package func revokedSerials(now: Timestamp) throws(InventoryError) -> Set<String> {
        try read("read the revoked certificates") { db in
            Set(
                try String.fetchAll(
                    db, sql: "SELECT serial FROM certificate WHERE revoked_at IS NOT NULL AND expires_at > ?",
                    arguments: [now.rawValue]))
        }
    }

    /// What happened to the device that was evicted; nil: it was not.
    package func eviction(of device: DeviceID) throws(InventoryError) -> Eviction? {
        try read("read the evictions") { db in
            try Row.fetchOne(db, sql: "SELECT * FROM evicted_device WHERE device = ?", arguments: [device.rawValue]).map
            {
                Eviction(device: device, name: $0["name"], at: Timestamp($0["at"]), reason: $0["reason"])
            }
        }
    }

    // MARK: In use

    /// Devices connected with these: each device's older certificates are over from now on. What is long past its date goes.
    /// - Returns: the serials that were revoked.
    package func use(_ uses: [CertificateInUse], at: Timestamp) throws(InventoryError) -> [String] {
        guard !uses.isEmpty else { return [] }
        return try write("note the certificates in use of \(uses.count) devices") { db in
            var revoked: [String] = []
            for use in uses {
                let device = use.certificate.device.rawValue
                try db.cachedStatement(
                    sql: """
                        INSERT OR IGNORE INTO certificate (serial, device, issued_at, expires_at, revoked_at)
                        VALUES (?, ?, ?, ?, NULL)
                        """
                ).execute(arguments: [
                    use.certificate.serial, device, use.certificate.issuedAt.rawValue,
                    use.certificate.notAfter.rawValue,
                ])
                revoked += try String.fetchAll(
                    db.cachedStatement(
                        sql: """
                            UPDATE certificate SET revoked_at = ?1 WHERE device = ?2 AND serial <> ?3
                            AND revoked_at IS NULL
                            AND issued_at <= (SELECT issued_at FROM certificate WHERE serial = ?3)
                            RETURNING serial
                            """), arguments: [at.rawValue, device, use.certificate.serial])
                try db.cachedStatement(
                    sql: """
                        INSERT OR REPLACE INTO device_trust (device, serial, authority, trusts)
                        SELECT id, ?, ?, ? FROM device WHERE id = ?
                        """
                ).execute(arguments: [
                    use.certificate.serial, use.authority.hex,
                    use.trusts.map(\.hex).joined(separator: " "), device,
                ])
            }
            try db.execute(
                sql: "DELETE FROM certificate WHERE expires_at < ? AND revoked_at IS NOT NULL", arguments: [at.rawValue]
            )
            return revoked
        }
    }

    static func certificatesInUse(in db: Database) throws -> [DeviceID: CertificateStanding] {
        var standings: [DeviceID: CertificateStanding] = [:]
        for row in try Row.fetchAll(db, sql: "SELECT device, serial, authority, trusts FROM device_trust") {
            standings[DeviceID(row[0])] = CertificateStanding(
                serial: row[1], authority: Digest(hex: row[2]),
                trusts: (row[3] as String).split(separator: " ").map { Digest(hex: String($0)) })
        }
        return standings
    }

    static func revokeCertificates(of device: DeviceID, at: Timestamp, in db: Database) throws {
        try db.execute(
            sql: "UPDATE certificate SET revoked_at = ? WHERE device = ? AND revoked_at IS NULL",
            arguments: [at.rawValue, device.rawValue])
    }
}

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

    /// Devices all of whose certificates were revoked, by `forget`: none may connect until it is enrolled anew.
    package func revokedDevices() throws(InventoryError) -> Set<DeviceID> {
        try read("read the revoked certificates") { db in
            let ids = try String.fetchAll(
                db, sql: "SELECT device FROM certificate GROUP BY device HAVING count(revoked_at) = count(*)")
            return Set(ids.map { DeviceID($0) })
        }
    }

    static func revokeCertificates(of device: DeviceID, at: Timestamp, in db: Database) throws {
        try db.execute(
            sql: "UPDATE certificate SET revoked_at = ? WHERE device = ? AND revoked_at IS NULL",
            arguments: [at.rawValue, device.rawValue])
    }
}

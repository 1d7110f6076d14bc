package import Foundation
import GRDB
package import L45Model

extension Inventory {
    /// Bytes that one artifact may have.
    package static let artifactBytesMax = 64 << 20

    /// Stores a file under its content's digest. The same content again is stored once.
    /// - Throws: `artifactTooLarge`.
    package func put(_ bytes: Data, at: Timestamp) throws(InventoryError) -> ArtifactReference {
        guard bytes.count <= Self.artifactBytesMax else {
            throw .artifactTooLarge(bytes: bytes.count, bytesMax: Self.artifactBytesMax)
        }
        let reference = ArtifactReference(digest: Digest(of: bytes), bytes: bytes.count)
        try write("store an artifact of \(bytes.count) bytes") { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO artifact (digest, bytes, added_at, content) VALUES (?, ?, ?, ?)",
                arguments: [reference.digest.hex, bytes.count, at.rawValue, bytes])
        }
        return reference
    }

    /// - Returns: the file; nil when there is none with this digest and length.
    /// - Throws: `damaged` when the bytes are not the digest's any more.
    package func artifact(_ reference: ArtifactReference) throws(InventoryError) -> Data? {
        let hex = reference.digest.hex
        let bytes = try read("read artifact \(reference.digest.short)") { db in
            try Data.fetchOne(
                db, sql: "SELECT content FROM artifact WHERE digest = ? AND bytes = ?",
                arguments: [hex, reference.bytes])
        }
        if let bytes, Digest(of: bytes) != reference.digest {
            throw damaged("artifact \(reference.digest.short) is not as it was stored")
        }
        return bytes
    }

    /// By digest.
    package func artifacts() throws(InventoryError) -> [ArtifactReference] {
        try read("read the artifacts") { db in
            try Row.fetchAll(db, sql: "SELECT digest, bytes FROM artifact ORDER BY digest").map {
                ArtifactReference(digest: Digest(hex: $0[0]), bytes: $0[1])
            }
        }
    }

    /// Removes a file; one that is not there is no error.
    /// - Throws: `artifactInUse` while a stored module refers to it.
    package func removeArtifact(_ digest: Digest) throws(InventoryError) {
        try write("remove artifact \(digest.short)") { db in
            let shapes = try Row.fetchCursor(
                db, sql: "SELECT json, digest FROM shape WHERE EXISTS (SELECT 1 FROM module WHERE shape = shape.id)")
            while let row = try shapes.next() {
                let plan = try ModuleCoder.decode(shape: row[0], digest: row[1])
                if plan.artifact?.digest == digest { throw InventoryError.artifactInUse(digest) }
            }
            try db.execute(sql: "DELETE FROM artifact WHERE digest = ?", arguments: [digest.hex])
        }
    }
}

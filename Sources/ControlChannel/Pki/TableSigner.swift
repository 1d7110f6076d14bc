import Crypto
import Foundation
package import L45Model
import SwiftASN1
import X509

/// Signs what devices are to run. The signature names the signer by a certificate of the authority, so agents, which know the
/// authority, need to be told of no key, and a new signing key is one more certificate.
///
/// A table names its files by their digests, so its signature is that of its files too: an agent uses none whose content has
/// another digest.
package struct TableSigner: Sendable, CustomStringConvertible {
    /// As that of the orchestrator's own certificate: an orchestrator has it made at each start.
    static let lifetime = CertificateAuthority.orchestratorLifetime

    let key: Curve25519.Signing.PrivateKey
    /// DER.
    let certificate: [UInt8]

    /// 32 bytes, for the store alone.
    package static func newKey() -> Secret { Secret(Array(Curve25519.Signing.PrivateKey().rawRepresentation)) }

    /// The bytes that are signed. A table of another device, or of an earlier day, is another content.
    static func content(_ table: DeviceTable) throws -> Data {
        Data("l45 table 1\0\(table.device)\0\(table.generation)\0\(try table.contentDigest().hex)".utf8)
    }

    func sign(_ table: DeviceTable) throws -> TableSignature { try sign(Self.content(table)) }

    func sign(_ body: SignedBody) throws -> TableSignature { try sign(body.content) }

    private func sign(_ content: Data) throws -> TableSignature {
        TableSignature(signature: Array(try key.signature(for: content)), signer: certificate)
    }

    package var description: String { "signer of tables" }
}

/// A signature and who made it, as it came.
struct TableSignature: Hashable, Sendable {
    var signature: [UInt8]
    /// DER.
    var signer: [UInt8]
}

extension CertificateAuthority {
    /// - Parameter key: of `TableSigner.newKey`.
    package func tableSigner(_ key: Secret, now: Timestamp) throws(PkiError) -> TableSigner {
        let own: Curve25519.Signing.PrivateKey
        do {
            own = try key.storage.withBytes { try Curve25519.Signing.PrivateKey(rawRepresentation: $0) }
        } catch {
            throw .malformed(what: "the key that signs tables", why: "it is none of Ed25519")
        }
        let certificate = try issue(
            .init(own.publicKey), name: "l45 signer of tables", role: .signer, lifetime: TableSigner.lifetime, now: now)
        var serializer = DER.Serializer()
        do { try serializer.serialize(certificate) } catch {
            throw .malformed(what: "the signer's certificate", why: "\(error)")
        }
        return TableSigner(key: own, certificate: serializer.serializedBytes)
    }
}

/// Tells the orchestrator's tables, paths, keys and authorities from any others.
struct TableVerifier: Sendable {
    /// One, and two while one follows another.
    var anchors: [TrustAnchor]
    let now: @Sendable () -> Timestamp

    init(anchors: [TrustAnchor], now: @escaping @Sendable () -> Timestamp) {
        self.anchors = anchors
        self.now = now
    }

    init(anchor: TrustAnchor, now: @escaping @Sendable () -> Timestamp) { self.init(anchors: [anchor], now: now) }

    /// - Returns: nil when the table is as the signer had it and the signer is the authority's; otherwise what speaks against it.
    func objection(to table: DeviceTable, _ signature: TableSignature?) -> String? {
        objection(signature) { try TableSigner.content(table) }
    }

    /// The same of what is no table.
    func objection(to body: SignedBody, _ signature: TableSignature?) -> String? {
        objection(signature) { body.content }
    }

    private func objection(_ signature: TableSignature?, to content: () throws -> Data) -> String? {
        guard let signature else { return "it is not signed" }
        do {
            let certificate = try Certificate(derEncoded: signature.signer)
            let key = try anchors.issuer(of: certificate).verifySigner(certificate, now: now())
            guard try key.isValidSignature(Data(signature.signature), for: content()) else {
                return "its signature is not for what it says"
            }
            return nil
        } catch let error as PkiError {
            return "its signer is not to be trusted: \(error)"
        } catch {
            return "its signer's certificate does not read"
        }
    }
}

extension WireOrchestratorFrame {
    /// nil: there is none.
    var signature: TableSignature? {
        hasTableSignature
            ? TableSignature(signature: Array(tableSignature.signature), signer: Array(tableSignature.signer)) : nil
    }

    /// Signed, where it is of a kind that has to be.
    init(_ message: OrchestratorMessage, signedBy signer: TableSigner) throws {
        self.init(message)
        let made: TableSignature
        if case .set(let table) = message {
            made = try signer.sign(table)
        } else if let body = try SignedBody(self) {
            made = try signer.sign(body)
        } else {
            return
        }
        tableSignature.signature = Data(made.signature)
        tableSignature.signer = Data(made.signer)
    }
}

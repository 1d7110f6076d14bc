import Foundation
import L45Model
import SwiftASN1
import X509

/// What an operator shows from another machine: one PEM file with his private key, his certificate, and the authority's, in any
/// order. The key is made where it is used and never leaves that machine.
package struct OperatorKeyFile: Sendable {
    let key: DeviceKey
    let certificatePEM: String
    let anchor: TrustAnchor
    package let name: String

    package static let bytesMax = 64 << 10

    /// - Throws: `exposed` when others may read it; `file`; `malformed` saying what is missing.
    package init(file path: String) throws(PkiError) {
        try self.init(SecretFile.read(path, bytesMax: Self.bytesMax), path: path)
    }

    init(_ text: String, path: String) throws(PkiError) {
        var keyText: String?
        var certificates: [String] = []
        for block in Self.blocks(text) {
            if block.contains("PRIVATE KEY-----") {
                keyText = block
            } else if block.contains("BEGIN CERTIFICATE-----") {
                certificates.append(block)
            }
        }
        guard let keyText else {
            throw .malformed(what: path, why: "it holds no private key; 'l45 operator request' makes one")
        }
        key = try DeviceKey(pem: keyText)
        let own = key.device
        var found: (pem: String, certificate: Certificate)?
        var anchor: TrustAnchor?
        for pem in certificates {
            guard let certificate = try? Certificate(pemEncoded: pem) else {
                throw .malformed(what: path, why: "a certificate in it does not read")
            }
            if DeviceID(certificateKeyOf: certificate) == own {
                found = (pem, certificate)
            } else {
                anchor = try TrustAnchor(certificatePEM: pem)
            }
        }
        guard let found, let anchor else {
            throw .malformed(
                what: path,
                why: "it lacks the operator's certificate or the authority's: add what 'l45 operator add' printed to it"
            )
        }
        certificatePEM = found.pem
        self.anchor = anchor
        name = try anchor.verifyOperator(found.certificate, now: Timestamp(found.certificate.notValidBefore)).name
    }

    private static func blocks(_ text: String) -> [String] {
        var blocks: [String] = []
        var open: [Substring]?
        for line in text.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("-----BEGIN ") { open = [] }
            open?.append(line)
            if line.hasPrefix("-----END "), let lines = open {
                blocks.append(lines.joined(separator: "\n"))
                open = nil
            }
        }
        return blocks
    }

    /// A new key, for the file, and the request for a certificate, for whoever may add operators.
    package static func make() throws(PkiError) -> (keyPEM: String, requestPEM: String) {
        let key = DeviceKey()
        let der = try key.signingRequest().der
        let text = Data(der).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return (key.pem, "-----BEGIN CERTIFICATE REQUEST-----\n\(text)\n-----END CERTIFICATE REQUEST-----")
    }
}

extension SigningRequest {
    /// - Throws: `malformed`.
    package init(pem: String) throws(PkiError) {
        let lines = pem.split(whereSeparator: \.isNewline).map(String.init)
        guard let first = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN ") && $0.hasSuffix("REQUEST-----") }),
            let last = lines.firstIndex(where: { $0.hasPrefix("-----END ") }), first < last,
            let der = Data(base64Encoded: lines[(first + 1)..<last].joined())
        else {
            throw .malformed(what: "the signing request", why: "it is none in PEM; 'l45 operator request' prints one")
        }
        try self.init(der: Array(der))
    }
}

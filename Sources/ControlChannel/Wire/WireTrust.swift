import L45Model

extension WireTrust {
    /// Authorities at a time: two while one follows another, and room.
    static let most = 4
    private static let authorityBytesMax = 4096

    func value() throws(WireError) -> OrchestratorMessage {
        guard !authorityPem.isEmpty else { throw WireError("authority_pem", "it is missing") }
        for pem in try WireCheck.list(authorityPem, "authority_pem", max: Self.most)
        where pem.utf8.count > Self.authorityBytesMax {
            throw WireError(
                "authority_pem", "\(pem.utf8.count) bytes where at most \(Self.authorityBytesMax) are allowed")
        }
        return .trust(authorityPem, renew: renew)
    }

    static func fingerprints(_ texts: [String], _ field: String) throws(WireError) -> [Digest] {
        var digests: [Digest] = []
        for text in try WireCheck.list(texts, field, max: most) { digests.append(try WireCheck.digest(text, field)) }
        return digests
    }
}

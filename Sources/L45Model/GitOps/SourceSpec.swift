/// A git repository that the orchestrator follows, as whoever added it wants it.
package struct SourceSpec: Hashable, Codable, Sendable {
    /// 1 to 40 of `a-z 0-9 -`: it is part of file names and of who did what.
    package var name: String
    package var url: String
    package var reference: SourceReference
    /// Of the repository, `prod/intents`; empty: all of it.
    package var folder: String
    /// It is looked at this often, and whenever a webhook says so.
    package var every: Span
    /// Withdraw the intents that it brought and no longer has.
    package var prune: Bool
    package var drift: SourceDrift
    /// Take a history that does not go on from what was applied last.
    package var allowsForcePush: Bool
    /// nil: nobody has to have signed anything.
    package var signature: SignatureDemand?
    /// Sources whose revision has to be healthy before one of this is applied.
    package var after: [String]
    /// Write what became of a commit into `refs/notes/l45` of the repository.
    package var notes: Bool
    package var access: SourceAccess

    package static let everyRange = Span.seconds(1)...Span.seconds(86_400)
    package static let everyDefault = Span.seconds(60)
    package static let afterMax = 16

    package init(
        name: String, url: String, reference: SourceReference = .branch("main"), folder: String = "",
        every: Span = SourceSpec.everyDefault, prune: Bool = false, drift: SourceDrift = .correct,
        allowsForcePush: Bool = false, signature: SignatureDemand? = nil, after: [String] = [], notes: Bool = false,
        access: SourceAccess = SourceAccess()
    ) {
        self.name = name
        self.url = url
        self.reference = reference
        self.folder = folder
        self.every = every
        self.prune = prune
        self.drift = drift
        self.allowsForcePush = allowsForcePush
        self.signature = signature
        self.after = after
        self.notes = notes
        self.access = access
    }

    /// Who its intents are kept by, and who does what in the audit trail.
    package var manager: String { "git/\(name)" }

    /// - Throws: `badInput`, naming what is out of bounds.
    package func validate() throws(APIFailure) {
        guard Self.isName(name) else {
            throw APIFailure(.badInput, "a source's name is 1 to 40 of a-z, 0-9 and '-', not '\(name)'")
        }
        _ = try SourceAddress(url)
        try reference.validate()
        try Self.validate(folder: folder)
        guard Self.everyRange.contains(every) else {
            throw APIFailure(
                .badInput,
                "a source is looked at every \(Self.everyRange.lowerBound) to \(Self.everyRange.upperBound), not \(every)"
            )
        }
        if let signature { try signature.validate() }
        try access.validate()
        guard after.count <= Self.afterMax, after.allSatisfy(Self.isName), !after.contains(name) else {
            throw APIFailure(
                .badInput, "a source comes after at most \(Self.afterMax) others, and never after itself")
        }
    }

    package static func isName(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count) && !text.hasPrefix("-")
            && text.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
    }

    private static func validate(folder: String) throws(APIFailure) {
        guard !folder.isEmpty else { return }
        let parts = folder.split(separator: "/", omittingEmptySubsequences: false)
        guard folder.utf8.count <= 500, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
            folder.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else {
            throw APIFailure(
                .badInput, "a source's folder is a path inside the repository, such as prod/intents, not '\(folder)'")
        }
    }
}

/// What of a repository is followed.
package enum SourceReference: Hashable, Codable, Sendable, CustomStringConvertible {
    case branch(String)
    case tag(String)
    /// All 40 or 64 hex digits.
    case commit(String)

    package var description: String {
        switch self {
        case .branch(let name): "branch \(name)"
        case .tag(let name): "tag \(name)"
        case .commit(let id): "commit \(id.prefix(12))"
        }
    }

    /// `refs/heads/main`; nil: a commit has none.
    package var ref: String? {
        switch self {
        case .branch(let name): "refs/heads/\(name)"
        case .tag(let name): "refs/tags/\(name)"
        case .commit: nil
        }
    }

    /// What git-check-ref-format(1) allows, so that no name is an option, a pattern or a range.
    func validate() throws(APIFailure) {
        switch self {
        case .commit(let id):
            guard SourceReference.isCommit(id) else {
                throw APIFailure(.badInput, "a commit is named by all of its 40 hex digits, not '\(id)'")
            }
        case .branch(let name), .tag(let name):
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            let isFit =
                (1...200).contains(name.utf8.count)
                && parts.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.hasSuffix(".lock") }
                && !name.hasPrefix("-") && !name.hasSuffix(".") && !name.contains("..") && !name.contains("@{")
                && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !Array("~^:?*[\\".utf8).contains($0) }
            guard isFit else { throw APIFailure(.badInput, "git has no branch or tag of the name '\(name)'") }
        }
    }

    /// SHA-1 or SHA-256 in hex.
    package static func isCommit(_ text: String) -> Bool {
        [40, 64].contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// What becomes of a change that somebody made to a source's intents by another way.
package enum SourceDrift: String, Hashable, Codable, Sendable, CaseIterable {
    /// Undone by the next look.
    case correct
    /// Shown, and kept until the next commit that is applied.
    case keep
}

/// Who has to have signed a commit.
package struct SignatureDemand: Hashable, Codable, Sendable {
    package enum Kind: String, Hashable, Codable, Sendable, CaseIterable { case gpg, ssh }
    package var kind: Kind
    /// Public keys as `gpg --armor --export` writes them, or the lines of an allowed_signers file (ssh-keygen(1)). Kept with the
    /// source, sealed: who can write to the orchestrator's disk adds no signer.
    package var keys: String
    /// A commit without a signature is refused; one with a wrong signature always is.
    package var required: Bool

    package static let keysBytesMax = 256 << 10

    package init(_ kind: Kind, keys: String, required: Bool = true) {
        self.kind = kind
        self.keys = keys
        self.required = required
    }

    func validate() throws(APIFailure) {
        guard !keys.isEmpty, keys.utf8.count <= Self.keysBytesMax else {
            throw APIFailure(
                .badInput, "the keys of signers have 1 to \(Self.keysBytesMax) bytes, not \(keys.utf8.count)")
        }
        guard kind == .ssh || keys.contains("-----BEGIN PGP PUBLIC KEY BLOCK-----") else {
            throw APIFailure(
                .badInput, "the keys of signers are no armoured public keys", hint: "gpg --armor --export NAME > FILE")
        }
    }
}

/// How a repository is reached, by files of the orchestrator's machine. Their content is never shown.
package struct SourceAccess: Hashable, Codable, Sendable {
    /// A private key for ssh; nil: those that the orchestrator's user has.
    package var sshKey: String?
    /// Host keys for ssh; nil: those that the orchestrator's user knows.
    package var knownHosts: String?
    /// For https, as git-credential-store(1) keeps them.
    package var credentials: String?

    package init(sshKey: String? = nil, knownHosts: String? = nil, credentials: String? = nil) {
        self.sshKey = sshKey
        self.knownHosts = knownHosts
        self.credentials = credentials
    }

    func validate() throws(APIFailure) {
        for path in [sshKey, knownHosts, credentials].compactMap({ $0 }) {
            guard path.hasPrefix("/"), path.utf8.count <= 1000, path.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
            else { throw APIFailure(.badInput, "'\(path)' is no full path of a file on the orchestrator") }
        }
    }
}

import L45Model

/// What is wrong with a certificate, a key, a token or the place where they are kept.
package enum PkiError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `what` is no valid one; `why` in words.
    case malformed(what: String, why: String)
    /// Not signed by the authority with this fingerprint.
    case otherAuthority(subject: String, expected: String)
    case expired(subject: String, at: String, now: String)
    case notYetValid(subject: String, from: String, now: String)
    /// Of our authority, but not for this role.
    case wrongRole(subject: String, wanted: String, why: String)
    /// The token pins another authority than the one that answered.
    case authorityMismatch(presented: String, pinned: String)
    /// A secret file that others may read.
    case exposed(path: String, mode: String)
    case file(path: String, operation: String, reason: String)

    package var description: String {
        switch self {
        case .malformed(let what, let why):
            "\(what) is not valid: \(why)"
        case .otherAuthority(let subject, let expected):
            "the certificate of '\(subject)' was not issued by this orchestrator's authority (\(expected)); "
                + "enrol the device again with a new token"
        case .expired(let subject, let at, let now):
            "the certificate of '\(subject)' expired at \(at) and it is \(now); check the clock, "
                + "or enrol the device again with a new token"
        case .notYetValid(let subject, let from, let now):
            "the certificate of '\(subject)' is valid from \(from) and it is \(now); check the clock"
        case .wrongRole(let subject, let wanted, let why):
            "the certificate of '\(subject)' is not one of \(wanted): \(why)"
        case .authorityMismatch(let presented, let pinned):
            "the orchestrator's authority is \(presented), the token was made by \(pinned); "
                + "check the address, or get a token from this orchestrator"
        case .exposed(let path, let mode):
            "\(path) has mode \(mode) and holds a private key; run: chmod 600 \(path)"
        case .file(let path, let operation, let reason):
            "\(path): cannot \(operation): \(reason)"
        }
    }
}

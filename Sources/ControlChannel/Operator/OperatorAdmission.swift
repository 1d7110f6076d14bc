package import L45Model

/// What somebody shows for who he is.
package enum OperatorProof: Hashable, Sendable {
    /// What the kernel says of the other end of the local socket (SO_PEERCRED, unix(7)).
    case user(uid: UInt32, gid: UInt32)
    case token(id: String, secretHash: Digest)
    /// A certificate of our authority: the name in it, and the digest of its key.
    case certificate(name: String, key: DeviceID)
}

/// Says who it is and what he may do, or why he may not. Asked anew for each request, so that what is withdrawn serves no more.
package typealias OperatorAdmission =
    @Sendable (_ proof: OperatorProof, _ from: String) async -> Result<Caller, APIFailure>

extension PeerPolicy {
    /// Its users may do everything; nobody else is known.
    package func admission(of path: String) -> OperatorAdmission {
        { [self] proof, from in
            guard case .user(let uid, _) = proof, admits(uid) else { return .failure(refusal(of: proof, at: path)) }
            return .success(administrator(uid, from))
        }
    }

    package func administrator(_ uid: UInt32, _ from: String) -> Caller {
        Caller(name: "uid \(uid)", means: .socket, from: from, role: .administer)
    }

    package func refusal(of proof: OperatorProof, at path: String) -> APIFailure {
        guard case .user(let uid, _) = proof else { return APIFailure(.notPermitted, "nobody is known by that here") }
        let admitted = uids.sorted().map { "\($0)" }.joined(separator: ", ")
        return APIFailure(
            .notPermitted, "user \(uid) may not use '\(path)', only user \(admitted)", hint: "run l45 as that user")
    }
}

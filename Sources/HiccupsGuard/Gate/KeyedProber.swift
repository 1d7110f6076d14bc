import L45Model
internal import Synchronization

/// Looks at paths under their keys, where they have one, and finds out whoever answers without it.
///
/// A far end that has the key answers with it, whatever was changed on the way, as long as two carriers arrive. Who mends the
/// public fragments behind a change turns a signed SYN into one that the far end can only read in plain, or answers itself. So
/// where the key is not vouched for, the public functions are tried: if these come back whole, somebody speaks for the far end
/// who is not the far end. It is looked at under the key once more before that is said, as keys may just have changed.
package struct KeyedProber: PathProber {
    package struct Failure: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    private struct Look {
        let sight: PathSight
        let exchanges: [ProbeExchange]
    }

    private let secrets: any PathSecrets
    private let look: @Sendable (GuardedPath, ProbeSeal) async throws -> PathSight

    /// - Parameter look: one look, its SYNs sealed in the way that is given.
    package init(
        secrets: any PathSecrets, look: @escaping @Sendable (GuardedPath, ProbeSeal) async throws -> PathSight
    ) {
        self.secrets = secrets
        self.look = look
    }

    package func look(at path: GuardedPath) async throws -> PathSight {
        guard case .keyed(let key, let epoch) = secrets.signing(path.name) else { return try await plain(path) }
        let first: Look
        do { first = try await once(path, key, epoch) } catch {
            // Silence says nothing of who is there.
            tell(path, PathIntegrity(.unproven, epoch: epoch, reason: "\(error)"))
            throw error
        }
        if first.sight.isCapable { return proven(path, epoch, first) }
        let open = try await once(path, nil, nil)
        guard open.sight.isCapable else {
            let reason = "nothing that came back is vouched for by the key, or by the public functions"
            tell(path, PathIntegrity(.unproven, epoch: epoch, reason: reason), first.exchanges + open.exchanges)
            return open.sight
        }
        // The key that is to be used now, which may be another by this time.
        guard case .keyed(let newKey, let newEpoch) = secrets.signing(path.name) else { return try await plain(path) }
        let again = try await once(path, newKey, newEpoch)
        if again.sight.isCapable { return proven(path, newEpoch, again) }
        let reason =
            "signed probes are answered under the public functions, where both ends hold the key of epoch \(newEpoch)"
        tell(path, PathIntegrity(.forged, epoch: newEpoch, reason: reason), first.exchanges + open.exchanges)
        throw Failure(description: reason)
    }

    private func plain(_ path: GuardedPath) async throws -> PathSight {
        let seen = try await once(path, nil, nil)
        var why = "the key came while it was looked at"
        if case .plain(let reason) = secrets.signing(path.name) { why = reason }
        tell(path, PathIntegrity(.plain, reason: why), seen.exchanges)
        return seen.sight
    }

    private func tell(_ path: GuardedPath, _ integrity: PathIntegrity, _ exchanges: [ProbeExchange] = []) {
        secrets.looked(path.name, integrity, exchanges)
    }

    private func proven(_ path: GuardedPath, _ epoch: UInt64, _ seen: Look) -> PathSight {
        tell(path, PathIntegrity(.keyed, epoch: epoch), seen.exchanges)
        return seen.sight
    }

    private func once(_ path: GuardedPath, _ key: PathKey?, _ epoch: UInt64?) async throws -> Look {
        let answered = Answered()
        var seal = ProbeSeal()
        seal.key = key
        seal.slot = { [secrets] in secrets.slot() }
        seal.answered = { syn, reading in answered.add(syn, reading) }
        let sight = try await look(path, seal)
        return Look(sight: sight, exchanges: answered.exchanges(capable: sight.isCapable, epoch: epoch))
    }
}

/// The SYNs of one look that were answered, gathered on the probing thread.
private final class Answered: Sendable {
    /// The last ones of a look say most; no look asks as often.
    private static let most = Interrogation.exchangesMax * 2

    private let all = Mutex<[(syn: HandshakePacket, reading: ReplyReading)]>([])

    func add(_ syn: HandshakePacket, _ reading: ReplyReading) {
        all.withLock { all in
            all.append((syn, reading))
            if all.count > Self.most { all.removeFirst(all.count - Self.most) }
        }
    }

    func exchanges(capable: Bool, epoch: UInt64?) -> [ProbeExchange] {
        all.withLock { all in
            all.map { ProbeExchange(syn: $0.syn, status: $0.reading.readableStatus(capable: capable), epoch: epoch) }
        }
    }
}

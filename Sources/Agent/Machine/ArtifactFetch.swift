import L45Model

/// A file on its way to the device. Pure; owned by `AgentMachine`.
///
/// One ask is answered by all stretches from its offset on, in order; silence is answered by asking again.
struct ArtifactFetch: Hashable, Sendable {
    let artifact: ArtifactReference
    /// Bytes that are there: the next stretch begins here.
    private(set) var offset: Int
    /// Times that the whole file came and had the wrong digest.
    private(set) var failures: Int
    /// When the rest is asked for again.
    private(set) var askAt: Timestamp

    enum Step: Hashable, Sendable {
        /// Keep these bytes, more are to come.
        case keep
        /// Keep these bytes; they are the last.
        case keepLast
        /// Not what was asked for (a repeat, a gap, past the end, empty): leave it.
        case ignore
    }

    /// - Parameter offset: what an earlier attempt, perhaps of an earlier process, has brought.
    init(_ artifact: ArtifactReference, offset: Int, now: Timestamp, failures: Int = 0) {
        self.artifact = artifact
        self.failures = failures
        self.offset = min(offset, artifact.bytes)
        askAt = now + ArtifactBounds.stallAfter
    }

    /// Whether all of it is there, unverified.
    var isWhole: Bool { offset == artifact.bytes }

    mutating func chunk(offset at: Int, count: Int, now: Timestamp) -> Step {
        guard at == offset, count > 0, count <= artifact.bytes - offset else { return .ignore }
        offset += count
        askAt = now + ArtifactBounds.stallAfter
        return isWhole ? .keepLast : .keep
    }

    /// The digest was wrong: from the beginning.
    /// - Returns: false when it has been so too often.
    mutating func restart(now: Timestamp) -> Bool {
        failures += 1
        offset = 0
        askAt = now + ArtifactBounds.stallAfter
        return failures < ArtifactBounds.attemptsMax
    }

    /// Whether silence has lasted too long. Asks again from then on.
    mutating func stalled(now: Timestamp) -> Bool {
        guard now >= askAt else { return false }
        askAt = now + ArtifactBounds.stallAfter
        return true
    }
}

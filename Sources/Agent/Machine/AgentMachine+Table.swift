import ControlChannel
import KernelTap
import L45Model
import NIOCore

/// Taking a table on: fence, files, ledger.
extension AgentMachine {
    mutating func set(_ table: DeviceTable, unfit: String?, now: Timestamp) -> [AgentOutput] {
        if let reason = objection(to: table) { return [refuse(table, reason)] }
        guard let digest = try? table.contentDigest() else { return [refuse(table, "it can not be encoded")] }
        if let ledger, ledger.table.generation == table.generation {
            guard digest == ledgerDigest else {
                return [refuse(table, Self.otherContent(table.generation, held: ledgerDigest, asked: digest))]
            }
            // The same again: a retry. It is in the ledger, so it was or will be published; say how it stands.
            isReportDue = true
            return [.readTap]
        }
        if let reading, reading.published == table.generation, reading.publishedDigest != digest {
            return [refuse(table, Self.otherContent(table.generation, held: reading.publishedDigest, asked: digest))]
        }
        if let unfit { return [refuse(table, unfit)] }
        if let reason = objection(toArtifactsOf: table) { return [refuse(table, reason)] }
        // The same again while its files are on their way.
        if case .fetching(let same, _) = taking, same == table { return [] }
        return begin(table, now: now)
    }

    /// Fetches what is missing, or goes on to the ledger.
    mutating func begin(_ table: DeviceTable, now: Timestamp) -> [AgentOutput] {
        leaveFetching()
        let fetches = missingArtifacts(of: table).map { artifact in
            ArtifactFetch(artifact, offset: artifactsBegun[artifact.digest] ?? 0, now: now)
        }
        taking = .fetching(table, fetches)
        return goOn(now: now)
    }

    mutating func ledgerStored(_ generation: Generation) -> [AgentOutput] {
        guard case .storing(let stored) = taking, stored.table.generation == generation else { return [] }
        let table = stored.table
        taking = nil
        ledger = stored
        ledgerDigest = try? table.contentDigest()
        startProblem = nil
        let artifacts = Set(table.modules.compactMap(\.plan.artifact?.digest))
        artifactsBegun = artifactsBegun.filter { artifacts.contains($0.key) }
        artifactsHeld.formIntersection(artifacts)
        return [.publish(table), .keepArtifacts(artifacts)]
    }

    mutating func ledgerFailed(_ generation: Generation, _ reason: String) -> [AgentOutput] {
        guard case .storing(let unkept) = taking, unkept.table.generation == generation else { return [] }
        taking = nil
        let held = ledger.map { "generation \($0.table.generation) stays in force" } ?? "the device stays as it is"
        return [refuse(unkept.table, "it can not be kept, \(reason); \(held)")]
    }

    /// What has come of files stays; the table that wanted them is let go of.
    mutating func leaveFetching() {
        guard case .fetching(_, let fetches) = taking else { return }
        for fetch in fetches where fetch.offset > 0 { artifactsBegun[fetch.artifact.digest] = fetch.offset }
        taking = nil
    }

    // MARK: - Files

    mutating func chunk(
        _ artifact: ArtifactReference, offset: Int, bytes: ByteBuffer, now: Timestamp
    ) -> [AgentOutput] {
        guard case .fetching(let table, var fetches) = taking, fetches.first?.artifact == artifact else { return [] }
        let step = fetches[0].chunk(offset: offset, count: bytes.readableBytes, now: now)
        taking = .fetching(table, fetches)
        switch step {
        case .ignore: return []
        case .keep: return [.appendArtifact(artifact, offset: offset, bytes: bytes)]
        case .keepLast: return [.appendArtifact(artifact, offset: offset, bytes: bytes), .completeArtifact(artifact)]
        }
    }

    mutating func artifactStored(_ artifact: ArtifactReference, now: Timestamp) -> [AgentOutput] {
        artifactsHeld.insert(artifact.digest)
        artifactsBegun[artifact.digest] = nil
        guard case .fetching(let table, let fetches) = taking, fetches.first?.artifact == artifact else { return [] }
        taking = .fetching(table, Array(fetches.dropFirst()))
        return goOn(now: now)
    }

    mutating func artifactBroken(_ artifact: ArtifactReference, now: Timestamp) -> [AgentOutput] {
        artifactsBegun[artifact.digest] = nil
        guard case .fetching(let table, var fetches) = taking, fetches.first?.artifact == artifact else { return [] }
        let again = fetches[0].restart(now: now)
        taking = .fetching(table, fetches)
        if again { return [.send(.artifactWanted(artifact, offset: 0))] }
        return giveUp(artifact, "it came \(ArtifactBounds.attemptsMax) times with another digest than it is named by")
    }

    /// The table whose file can not be had is refused; what is in force stays.
    mutating func giveUp(_ artifact: ArtifactReference, _ reason: String) -> [AgentOutput] {
        guard case .fetching(let table, let fetches) = taking, fetches.first?.artifact == artifact else { return [] }
        taking = nil
        return [
            refuse(table, "its artifact \(artifact.digest.short) (\(artifact.bytes) bytes) can not be had: \(reason)")
        ]
    }

    /// Once each, in the order of their digests.
    func missingArtifacts(of table: DeviceTable) -> [ArtifactReference] {
        Set(table.modules.compactMap(\.plan.artifact)).filter { !artifactsHeld.contains($0.digest) }
            .sorted { $0.digest.hex < $1.digest.hex }
    }

    private mutating func goOn(now: Timestamp) -> [AgentOutput] {
        guard case .fetching(let table, let fetches) = taking else { return [] }
        guard let fetch = fetches.first else {
            let ledger = Ledger(table: table, takenAt: now)
            taking = .storing(ledger)
            return [.storeLedger(ledger)]
        }
        // All its bytes had come when an earlier process died.
        if fetch.isWhole { return [.completeArtifact(fetch.artifact)] }
        return [.send(.artifactWanted(fetch.artifact, offset: fetch.offset))]
    }

    // MARK: - Refusals

    private func refuse(_ table: DeviceTable, _ reason: String) -> AgentOutput {
        .send(.refused(table.generation, reason: "generation \(table.generation): \(reason)"))
    }

    private static func otherContent(_ generation: Generation, held: Digest?, asked: Digest) -> String {
        "this device holds it with other content (\(held?.short ?? "none") here, \(asked.short) sent); decide a generation "
            + "above \(generation)"
    }

    private func objection(to table: DeviceTable) -> String? {
        if table.device != identity.device {
            return "it is for device \(table.device), this is \(identity.device)"
        }
        if table.generation == .none { return "0 is no generation; begin with 1" }
        let fence = max(fence, taking?.table.generation ?? .none)
        if table.generation < fence {
            return "it is older than generation \(fence), which this device holds; decide one above \(fence)"
        }
        var seen: Set<ModuleID> = []
        if let twice = table.modules.first(where: { !seen.insert($0.plan.id).inserted }) {
            return "module \(twice.plan.id) stands in it twice"
        }
        return nil
    }

    private func objection(toArtifactsOf table: DeviceTable) -> String? {
        var bytes: [Digest: Int] = [:]
        for entry in table.modules {
            guard let artifact = entry.plan.artifact else { continue }
            if !ArtifactStore.isName(artifact.digest) {
                return "module \(entry.plan.id) has an artifact whose digest is not 64 lowercase hex digits"
            }
            if !(1...ArtifactBounds.bytesMax).contains(artifact.bytes) {
                return "module \(entry.plan.id) has an artifact of \(artifact.bytes) bytes, outside 1 to "
                    + "\(ArtifactBounds.bytesMax)"
            }
            if let other = bytes.updateValue(artifact.bytes, forKey: artifact.digest), other != artifact.bytes {
                return "artifact \(artifact.digest.short) stands in it with \(other) bytes and with \(artifact.bytes)"
            }
        }
        return nil
    }
}

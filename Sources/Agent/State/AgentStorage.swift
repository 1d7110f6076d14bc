import Foundation
package import L45Model
package import NIOCore

/// Where an agent keeps ledger and artifacts: on the disk, or nowhere, for one that ends with its process, or on a disk that
/// is simulated.
package enum AgentStorage: Sendable {
    case disk(LedgerFile, ArtifactStore)
    /// Artifacts are verified and then forgotten; the bytes of one on its way are held.
    case none(begun: [Digest: ByteBuffer] = [:])
    /// The ledger alone; artifacts are refused.
    case memory(MemoryDisk)

    mutating func store(_ ledger: Ledger) throws(StateError) {
        switch self {
        case .disk(let file, _): try file.store(ledger)
        case .memory(let disk): try disk.store(ledger)
        case .none: return
        }
    }

    mutating func append(_ artifact: ArtifactReference, offset: Int, bytes: ByteBuffer) throws(StateError) {
        switch self {
        case .disk(_, let store): try store.append(artifact, offset: offset, bytes: bytes)
        case .none(var begun):
            self = .none()
            var content = begun.removeValue(forKey: artifact.digest) ?? ByteBuffer()
            content.moveWriterIndex(to: min(offset, content.writerIndex))
            content.writeImmutableBuffer(bytes)
            begun[artifact.digest] = content
            self = .none(begun: begun)
        case .memory: return
        }
    }

    mutating func complete(_ artifact: ArtifactReference) throws(StateError) -> Bool {
        switch self {
        case .disk(_, let store): return try store.complete(artifact)
        case .none(var begun):
            let content = begun.removeValue(forKey: artifact.digest) ?? ByteBuffer()
            self = .none(begun: begun)
            return content.readableBytes == artifact.bytes
                && Digest(of: Array(content.readableBytesView)) == artifact.digest
        case .memory: return false
        }
    }

    func keepOnly(_ digests: Set<Digest>) {
        if case .disk(_, let store) = self { store.keepOnly(digests) }
    }
}

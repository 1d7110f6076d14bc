import ControlChannel
import Inventory
import L45Model
import NIOCore

/// The files that devices are fetching, read from the CIB once and encoded once for all of them.
struct ArtifactShelf: Sendable {
    /// Files kept in memory; the least recently asked for makes room.
    static let filesMax = 8
    private var files: [(reference: ArtifactReference, artifact: EncodedArtifact)] = []

    /// - Returns: nil when the CIB has no such file.
    mutating func artifact(_ reference: ArtifactReference, in inventory: Inventory) throws -> EncodedArtifact? {
        if let index = files.firstIndex(where: { $0.reference == reference }) {
            let file = files.remove(at: index)
            files.append(file)
            return file.artifact
        }
        guard let bytes = try inventory.artifact(reference) else { return nil }
        let artifact = try EncodedArtifact(reference, content: ByteBuffer(bytes: bytes))
        files.append((reference, artifact))
        if files.count > Self.filesMax { files.removeFirst() }
        return artifact
    }
}

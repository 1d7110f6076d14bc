package import L45Model
package import NIOCore

/// A file ready for sending: cut into chunks and encoded once; all sessions that ask for it share the bytes.
package struct EncodedArtifact: Sendable {
    /// Plain bytes in a chunk.
    package static let chunkBytes = 64 << 10

    package let reference: ArtifactReference
    private let content: ByteBuffer
    private let chunks: [EncodedFrame]

    /// - Throws: never for content up to `Int.max`; chunks are far under the frame limit.
    package init(_ reference: ArtifactReference, content: ByteBuffer) throws(FrameError) {
        self.reference = reference
        self.content = content
        var chunks: [EncodedFrame] = []
        var offset = 0
        repeat {
            chunks.append(try Self.frame(reference, content, offset: offset))
            offset += Self.chunkBytes
        } while offset < content.readableBytes
        self.chunks = chunks
    }

    package var bytes: Int { content.readableBytes }

    /// The chunk that begins at `offset`, and where the next one begins; nil at the end, and for an offset outside.
    ///
    /// Chunks after the first end at multiples of `chunkBytes`, so that they come from the shared ones.
    func chunk(at offset: Int) throws(FrameError) -> (frame: EncodedFrame, next: Int)? {
        guard offset >= 0, offset < bytes || (offset == 0 && bytes == 0) else { return nil }
        let index = offset / Self.chunkBytes
        let next = min((index + 1) * Self.chunkBytes, bytes)
        if offset.isMultiple(of: Self.chunkBytes) { return (chunks[index], next) }
        return (try Self.frame(reference, content, offset: offset), next)
    }

    private static func frame(
        _ reference: ArtifactReference, _ content: ByteBuffer, offset: Int
    ) throws(FrameError) -> EncodedFrame {
        let end = min((offset / chunkBytes + 1) * chunkBytes, content.readableBytes)
        let slice = content.getSlice(at: content.readerIndex + offset, length: end - offset) ?? ByteBuffer()
        return try EncodedFrame(.artifactChunk(reference, offset: offset, bytes: slice))
    }
}

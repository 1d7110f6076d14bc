import Foundation
package import L45Model
package import NIOCore

/// Files that travel with modules, by content: `artifacts/DIGEST`, and `DIGEST.part` while one is on its way.
package struct ArtifactStore: Sendable {
    package let folder: String

    package init(stateFolder: String) { folder = "\(stateFolder)/artifacts" }

    /// What is there at start.
    package struct Contents: Hashable, Sendable {
        /// Whole, their digests verified.
        package var held: Set<Digest> = []
        /// Bytes that have come of those on their way.
        package var begun: [Digest: Int] = [:]
        package init() {}
    }

    /// A digest is a file name here, and it came over the network: 64 hex digits and nothing else.
    package static func isName(_ digest: Digest) -> Bool {
        digest.hex.utf8.count == 64
            && digest.hex.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }

    /// Looks through the folder, makes it where it is missing, and takes away what does not have its name's digest.
    package func scan() throws(StateError) -> Contents {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw .system(operation: "make", path: folder, errno: errno)
        }
        var contents = Contents()
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw .system(operation: "list", path: folder, errno: EIO)
        }
        for name in names {
            let digest = Digest(hex: name.hasSuffix(".part") ? String(name.dropLast(5)) : name)
            let path = "\(folder)/\(name)"
            guard Self.isName(digest), let bytes = try? DurableFile.read(path, bytesMax: ArtifactBounds.bytesMax) else {
                unlink(path)
                continue
            }
            if name.hasSuffix(".part") {
                contents.begun[digest] = bytes.count
            } else if Digest(of: bytes) == digest {
                contents.held.insert(digest)
            } else {
                unlink(path)
            }
        }
        return contents
    }

    /// Adds a stretch to an artifact on its way.
    package func append(_ artifact: ArtifactReference, offset: Int, bytes: ByteBuffer) throws(StateError) {
        let path = partPath(artifact)
        let file = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .writing(path, bytes: bytes.readableBytes, errno: errno) }
        defer { close(file) }
        guard ftruncate(file, off_t(offset)) == 0, lseek(file, off_t(offset), SEEK_SET) == off_t(offset) else {
            throw .writing(path, bytes: bytes.readableBytes, errno: errno)
        }
        try DurableFile.write(Array(bytes.readableBytesView), to: file, path: path)
    }

    /// Verifies an artifact whose last stretch has come and keeps it, on the disk.
    /// - Returns: false when its digest is another one; it is then gone.
    package func complete(_ artifact: ArtifactReference) throws(StateError) -> Bool {
        let path = partPath(artifact)
        guard let bytes = try DurableFile.read(path, bytesMax: ArtifactBounds.bytesMax),
            Digest(of: bytes) == artifact.digest,
            bytes.count == artifact.bytes
        else {
            unlink(path)
            return false
        }
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw .system(operation: "read", path: path, errno: errno) }
        let kept = fsync(file)
        let reason = errno
        close(file)
        guard kept == 0 else { throw .writing(path, bytes: bytes.count, errno: reason) }
        try DurableFile.rename(path, to: "\(folder)/\(artifact.digest.hex)")
        return true
    }

    /// Takes away every file that is not of `digests`. What can not be taken away is left to the next time.
    package func keepOnly(_ digests: Set<Digest>) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names {
            let digest = Digest(hex: name.hasSuffix(".part") ? String(name.dropLast(5)) : name)
            if !digests.contains(digest) { unlink("\(folder)/\(name)") }
        }
    }

    private func partPath(_ artifact: ArtifactReference) -> String { "\(folder)/\(artifact.digest.hex).part" }
}

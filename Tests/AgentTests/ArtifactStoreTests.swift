import Agent
import Foundation
import L45Model
import NIOCore
import Testing

@Suite("Artifacts on the disk")
struct ArtifactStoreTests {
    let scratch: Scratch
    let store: ArtifactStore
    let file = File(bytes: 150_000)

    init() throws {
        scratch = try Scratch()
        store = ArtifactStore(stateFolder: scratch.path)
        #expect(try store.scan() == .init())
    }

    private func append(_ offset: Int, of file: File) throws {
        guard case .artifactChunk(let reference, _, let bytes) = file.chunk(at: offset) else { return }
        try store.append(reference, offset: offset, bytes: bytes)
    }

    @Test("A whole file is kept by its digest, and found again")
    func whole() throws {
        for offset in file.offsets { try append(offset, of: file) }
        #expect(try store.complete(file.reference))
        #expect(try scratch.names("artifacts") == [file.reference.digest.hex])
        #expect(try scratch.read("artifacts/\(file.reference.digest.hex)") == file.content)
        #expect(try store.scan().held == [file.reference.digest])
    }

    @Test("What an agent that died had of a file is found, and written over from any place before its end")
    func torn() throws {
        try append(0, of: file)
        try append(65_536, of: file)
        #expect(try store.scan().begun == [file.reference.digest: 131_072])
        try store.append(file.reference, offset: 65_536, bytes: ByteBuffer(bytes: file.content[65_536..<65_540]))
        #expect(try store.scan().begun == [file.reference.digest: 65_540])
        try store.append(file.reference, offset: 65_540, bytes: ByteBuffer(bytes: file.content[65_540...]))
        #expect(try store.complete(file.reference))
    }

    @Test("A file with the wrong digest, or too short, is gone")
    func wrong() throws {
        try store.append(file.reference, offset: 0, bytes: ByteBuffer(bytes: File(bytes: 150_000, seed: 2).content))
        #expect(try store.complete(file.reference) == false)
        #expect(try scratch.names("artifacts") == [])
        try append(0, of: file)
        #expect(try store.complete(file.reference) == false)
        #expect(try store.complete(file.reference) == false)
    }

    @Test("A kept file that has gone bad, and anything that is no artifact, is taken away at start")
    func badDisk() throws {
        for offset in file.offsets { try append(offset, of: file) }
        #expect(try store.complete(file.reference))
        var bytes = file.content
        bytes[77] ^= 1
        try scratch.write("artifacts/\(file.reference.digest.hex)", bytes)
        try scratch.write("artifacts/notes.txt", [1])
        #expect(try store.scan() == .init())
        #expect(try scratch.names("artifacts") == [])
    }

    @Test("Files that no table wants any more are taken away")
    func prunes() throws {
        let other = File(bytes: 100, seed: 5)
        for file in [file, other] {
            for offset in file.offsets { try append(offset, of: file) }
            #expect(try store.complete(file.reference))
        }
        store.keepOnly([other.reference.digest])
        #expect(try scratch.names("artifacts") == [other.reference.digest.hex])
    }

    @Test("A full disk is named with its path", .enabled(if: geteuid() == 0))
    func full() throws {
        let mount = try TinyFileSystem()
        let store = ArtifactStore(stateFolder: mount.path)
        _ = try store.scan()
        let error = #expect(throws: StateError.self) {
            try store.append(file.reference, offset: 0, bytes: ByteBuffer(bytes: file.content))
        }
        #expect(error?.description.contains("No space left on device") == true)
        #expect(error?.description.contains("\(mount.path)/artifacts") == true)
    }
}

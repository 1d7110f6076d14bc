import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("Artifacts")
struct ArtifactTests {
    let folder: TemporaryFolder
    let cib: Inventory

    init() throws {
        folder = try TemporaryFolder()
        cib = try Inventory(folder: folder.cib)
    }

    @Test("A file comes back by its digest, byte for byte, and is stored once")
    func roundTrip() throws {
        let bytes = Data((0..<600_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) })
        let reference = try cib.put(bytes, at: noon)
        #expect(reference == ArtifactReference(digest: Digest(of: bytes), bytes: 600_000))
        #expect(try cib.put(bytes, at: noon) == reference)
        #expect(try cib.artifact(reference) == bytes)
        #expect(try cib.artifacts() == [reference])
        #expect(try cib.artifact(ArtifactReference(digest: Digest(of: Data()), bytes: 0)) == nil)
        #expect(try cib.artifact(ArtifactReference(digest: reference.digest, bytes: 1)) == nil)
    }

    @Test("Bytes that changed on the disk are not handed out")
    func verified() throws {
        let reference = try cib.put(Data([1, 2, 3]), at: noon)
        try cib.pool.write { try $0.execute(sql: "UPDATE artifact SET content = x'010204'") }
        #expect(throws: InventoryError.self) { try cib.artifact(reference) }
        #expect(try cib.verify().count == 1)
    }

    @Test("One byte past 64 MiB is refused")
    func bounded() throws {
        let bytes = Inventory.artifactBytesMax + 1
        #expect(throws: InventoryError.artifactTooLarge(bytes: bytes, bytesMax: Inventory.artifactBytesMax)) {
            try cib.put(Data(count: bytes), at: noon)
        }
        #expect(try cib.artifacts().isEmpty)
    }

    @Test("An artifact stays while a module needs it")
    func inUse() throws {
        let reference = try cib.put(Data([7]), at: noon)
        try cib.checkIn(device(1), at: noon)
        var module = module(0, on: 1)
        module.artifact = reference
        try cib.adopt(intents: [], plans: [DevicePlan(device: deviceID(1), modules: [module])], at: noon)
        #expect(throws: InventoryError.artifactInUse(reference.digest)) { try cib.removeArtifact(reference.digest) }
        try cib.adopt(intents: [], plans: [], at: noon)
        try cib.removeArtifact(reference.digest)
        #expect(try cib.artifacts().isEmpty)
    }
}

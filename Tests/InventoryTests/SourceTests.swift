import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("Git sources in the CIB")
struct SourceTests {
    private func source(_ name: String, applied: String? = nil) -> StoredSource {
        var standing = SourceStanding(addedAt: Timestamp(5), addedBy: "root", scope: LabelScope(["site": "paris"]))
        standing.applied = applied
        standing.stall = SourceStall(.badIntents, "no", diagnostics: ["a:1:1: error"], commit: "c", since: Timestamp(7))
        return StoredSource(
            spec: SourceSpec(
                name: name, url: "/srv/\(name)", reference: .tag("v1"), signature: SignatureDemand(.ssh, keys: "k"),
                after: ["base"]),
            standing: standing)
    }

    private func owner(_ intent: String, _ source: String) -> IntentOwner {
        IntentOwner(intent: IntentName(intent), source: source, digest: Digest(of: Array(intent.utf8)))
    }

    @Test("What is stored of a source is read back after a restart, with what it keeps")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let first = try Inventory(folder: folder.cib)
        try first.put(source("net"), owned: [owner("dns", "net"), owner("web", "net")])
        try first.put(source("net", applied: "abc"), released: [IntentName("web")])
        try first.put(source("edge"))
        try first.close()
        let (sources, owners) = try Inventory(folder: folder.cib).sources()
        #expect(sources == [source("edge"), source("net", applied: "abc")])
        #expect(owners == [owner("dns", "net")])
    }

    @Test("A source that is removed keeps nothing")
    func removed() throws {
        let folder = try TemporaryFolder()
        let inventory = try Inventory(folder: folder.cib)
        try inventory.put(source("net"), owned: [owner("dns", "net")])
        try inventory.removeSource("net")
        let (sources, owners) = try inventory.sources()
        #expect(sources.isEmpty && owners.isEmpty)
        // Nor is a seal left behind, which would count as a row that was taken away.
        #expect(try inventory.damagedRows().isEmpty)
    }

    @Test("Signers that were added behind the orchestrator's back are found, and nothing is followed")
    func tampered() throws {
        let folder = try TemporaryFolder()
        let inventory = try Inventory(folder: folder.cib)
        try inventory.put(source("net"))
        try inventory.close()
        try DatabaseQueue(path: folder.file("cib.sqlite")).write { db in
            // Without the triggers that keep seals: those need the key.
            try db.execute(sql: "DROP TRIGGER seal_git_source_update")
            try db.execute(sql: #"UPDATE git_source SET spec = replace(spec, '"keys":"k"', '"keys":"mine"')"#)
            #expect(db.changesCount == 1)
        }
        let again = try Inventory(folder: folder.cib)
        #expect(throws: InventoryError.self) { try again.sources() }
    }
}

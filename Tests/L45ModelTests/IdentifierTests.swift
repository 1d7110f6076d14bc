import Foundation
import L45Model
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    @Test("A module id is 16 hex digits, zeros kept, in JSON too")
    func moduleID() throws {
        let id = ModuleID(0x00ff_0000_0000_002a)
        #expect(id.description == "00ff00000000002a")
        #expect(ModuleID("00ff00000000002a") == id)
        let json = try CanonicalJSON.encode([id])
        #expect(String(decoding: json, as: UTF8.self) == #"["00ff00000000002a"]"#)
        #expect(try CanonicalJSON.decode([ModuleID].self, from: json) == [id])
    }

    @Test("A module id above 2^53 survives JSON to the last bit")
    func moduleIDLarge() throws {
        let id = ModuleID(UInt64.max - 1)
        #expect(try CanonicalJSON.decode([ModuleID].self, from: CanonicalJSON.encode([id])) == [id])
    }

    @Test(
        "What is no module id is refused",
        arguments: ["", "2a", "00ff00000000002g", "0x0000000000002a", "00ff00000000002a0"])
    func moduleIDRefused(text: String) {
        #expect(ModuleID(text) == nil)
    }

    @Test("Generations and epochs grow by one")
    func next() {
        #expect(Generation.none.next == Generation(1))
        #expect(Epoch.first.next == Epoch(2))
        #expect(Generation(2) < Generation(10))
    }
}

@Suite("A digest")
struct DigestTests {
    @Test("is SHA-256, by the standard's own example")
    func standard() {
        // FIPS 180-2, appendix B.1.
        #expect(
            Digest(of: Data("abc".utf8)).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test("of a value does not depend on the order in which a dictionary was filled")
    func deterministic() throws {
        let keys = (0..<200).map { "key-\($0)" }
        let facts = { (order: [String]) in
            DeviceFacts(name: "web-1", labels: Dictionary(uniqueKeysWithValues: order.map { ($0, "v") }))
        }
        let one = try Digest(ofValue: facts(keys))
        #expect(try Digest(ofValue: facts(keys.reversed())) == one)
        #expect(try Digest(ofValue: facts(keys.sorted())) == one)
    }

    @Test("differs when any field does")
    func sensitive() throws {
        let plan = Sample.module()
        var other = plan
        other.priority += 1
        #expect(try Digest(ofValue: plan) != Digest(ofValue: other))
        #expect(try Digest(ofValue: plan) == Digest(ofValue: Sample.module()))
    }

    @Test("of a table speaks of its modules alone, in whatever order they were given")
    func table() throws {
        let a = ModuleEntry(plan: Sample.module(id: 1), state: .active)
        let b = ModuleEntry(plan: Sample.module(id: 2), state: .standby)
        let one = DeviceTable(device: DeviceID("d"), generation: Generation(7), modules: [a, b])
        let two = DeviceTable(device: DeviceID("d"), generation: Generation(8), modules: [b, a])
        #expect(try one.contentDigest() == two.contentDigest())
    }
}

@Suite("A secret")
struct SecretTests {
    @Test("never shows its bytes when it is printed")
    func hidden() {
        let secret = Secret(Array(repeating: 0xab, count: 32))
        #expect("\(secret)" == "secret (32 bytes)")
        #expect(!"\(Sample.module())".contains("abab"))
    }

    @Test("Hex reads back what it wrote, and refuses odd or foreign digits")
    func hex() {
        #expect(Hex.bytes(Hex.string([0x00, 0x7f, 0xff])) == [0x00, 0x7f, 0xff])
        #expect(Hex.bytes("AB") == [0xab])
        #expect(Hex.bytes("abc") == nil)
        #expect(Hex.bytes("0g") == nil)
    }
}

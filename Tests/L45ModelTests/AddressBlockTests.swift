import Foundation
import L45Model
import Testing

@Suite("An address block")
struct AddressBlockTests {
    @Test(
        "is written as it was read",
        arguments: ["192.0.2.1", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "2001:db8::1", "::/0", "fe80::1"])
    func roundTrip(text: String) {
        #expect(AddressBlock(text)?.description == text)
    }

    @Test(
        "is refused when it is none, or has bits past its prefix",
        arguments: [
            "", "/", "10.0.0.0/", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0",
            "2001:db8::1/32",
            "::/129", "host", "10.0.0.0/ 8", "10.0.0.0/+8",
        ])
    func refuses(text: String) {
        #expect(AddressBlock(text) == nil)
    }

    @Test("of IPv4 and its v4-mapped form are the same block")
    func mapped() throws {
        let plain = try #require(AddressBlock("192.0.2.1"))
        let mapped = try #require(AddressBlock("::ffff:192.0.2.1"))
        #expect(plain == mapped)
        #expect(mapped.isIPv4)
        #expect(plain.prefixBits == 128)
        #expect(AddressBlock("192.0.2.0/24")?.prefixBits == 120)
    }

    @Test("contains what lies within, to the bit")
    func contains() throws {
        let block = try #require(AddressBlock("10.0.0.128/25"))
        #expect(block.contains(try #require(AddressBlock("10.0.0.128"))))
        #expect(block.contains(try #require(AddressBlock("10.0.0.255"))))
        #expect(!block.contains(try #require(AddressBlock("10.0.0.127"))))
        #expect(!block.contains(try #require(AddressBlock("10.0.0.0/24"))))
        #expect(block.contains(block))
    }

    @Test("overlaps when one has the other, and never across families")
    func overlaps() throws {
        let all4 = try #require(AddressBlock("0.0.0.0/0"))
        let host = try #require(AddressBlock("192.0.2.1"))
        let six = try #require(AddressBlock("2001:db8::/32"))
        #expect(all4.overlaps(host) && host.overlaps(all4))
        #expect(!six.overlaps(all4) && !all4.overlaps(six))
    }

    @Test("travels as its text, and a text that is none is refused by name")
    func json() throws {
        let block = try #require(AddressBlock("10.0.0.0/8"))
        #expect(String(decoding: try CanonicalJSON.encode([block]), as: UTF8.self) == #"["10.0.0.0/8"]"#)
        #expect(throws: DecodingError.self) {
            try CanonicalJSON.decode([AddressBlock].self, from: Data(#"["10.0.0.1/8"]"#.utf8))
        }
    }
}

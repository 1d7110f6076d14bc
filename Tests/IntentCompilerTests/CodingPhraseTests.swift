import IntentCompiler
import L45Model
import Testing

@Suite("Messages that are masked or compressed")
struct CodingPhraseTests {
    @Test(
        "The phrase says so, and its long form reads back as the same",
        arguments: [
            ("tag dig DNS masked at end", DatagramTag(place: .end, coding: .masked)),
            ("tag dig DNS compressed with 12 bytes", DatagramTag(place: .front, tagBytes: 12, coding: .shortDNS)),
        ])
    func language(text: String, wanted: DatagramTag) throws {
        let phrased = try intent(phrase(text))
        #expect(phrased.tags.first?.dialect == .datagram(wanted))
        #expect(try intent(explain(phrased)).tags.first?.dialect == .datagram(wanted))
    }

    @Test("A stream is neither, a message not both, and a tag that eats what is saved is warned of")
    func refused() throws {
        #expect(
            rendered(phrase("tag curl HTTP masked"))
                .contains("dns.yaml:3:19: error: 'masked' is for messages (udp), not for a tcp stream"))
        #expect(rendered(phrase("tag dig DNS masked compressed")).contains("'compressed' contradicts 'masked'"))
        #expect(
            rendered(phrase("tag dig DNS compressed"))
                .contains(
                    "warning: a compressed query is up to 24 bytes shorter, and a tag of 32 bytes makes it longer"))
    }
}

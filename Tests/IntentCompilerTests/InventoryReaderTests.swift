import IntentCompiler
import L45Model
import Testing

@Suite("Inventories, as documents")
struct InventoryReaderTests {
    private func read(_ text: String) -> InventoryReading {
        InventoryReader.read([IntentSource(origin: "net.yaml", text: text)])
    }

    @Test("Middleboxes: between prefixes and groups, before addresses, with what is known of them")
    func middleboxes() throws {
        let reading = read(
            """
            kind: Inventory
            name: racks
            groups: {paris: {}}
            middleboxes:
              - name: fw-paris
                addresses: 192.0.2.1
                between: [paris, [10.2.0.0/16, "2001:db8::/32"]]
                changes: [window-scale-stripped:reverse, df-flipped]
                owner: netops
                note: replaced in May
              - {name: lb, addresses: [192.0.2.7]}
            """)
        #expect(reading.diagnostics.isEmpty && reading.devices.isEmpty && reading.declarers == ["racks"])
        let box = try #require(reading.middleboxes.first)
        #expect(box.betweenText == "paris and 10.2.0.0/16, 2001:db8::/32")
        #expect(box.addresses.map(\.description) == ["192.0.2.1"])
        #expect(box.changes.map(\.description) == ["window-scale-stripped:reverse", "df-flipped"])
        #expect(box.changes.map(\.subject) == [.windowScaling, nil])
        #expect((box.owner, box.note) == ("netops", "replaced in May"))
        #expect((box.declarer, box.whereabouts) == ("racks", "net.yaml:5:11"))
        #expect(reading.middleboxes.map(\.name) == ["fw-paris", "lb"])
    }

    @Test("Every mistake of a middlebox is told at its word, with the nearest that would do")
    func mistakes() {
        let reading = read(
            """
            kind: Inventory
            groups: {paris: {}}
            middleboxes:
              - name: a
                between: [pari, 10.2.0.0/16]
                changes: [window-scale-striped, mss-lowered:backward]
              - name: b
              - name: c
                between: [10.1.0.0/16]
              - name: d
                addresses: [192.0.2.300]
                notes: x
            """)
        let told = reading.diagnostics.map { $0.rendered() }.joined(separator: "\n")
        for line in [
            "net.yaml:5:15: error: 'pari' is no prefix, and no group of this document", "did you mean 'paris'?",
            "net.yaml:6:15: error: a middlebox makes no change 'window-scale-striped'",
            "did you mean 'window-scale-stripped'?", "net.yaml:6:37: error: 'backward' is no direction",
            "net.yaml:7:11: error: middlebox 'b' stands nowhere",
            "net.yaml:9:14: error: 'between' is a list of two sides",
            "net.yaml:11:17: error: '192.0.2.300' is no address", "a middlebox has no key 'notes'",
        ] {
            #expect(told.contains(line), "\(line) in:\n\(told)")
        }
    }
}

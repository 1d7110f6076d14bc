import IntentCompiler
import L45Model
import Testing

@Suite("Files and their mistakes")
struct SourceTests {
    @Test("Every mistake of every document is told at once, with exact places")
    func allMistakes() {
        let text = """
            # two intents
            name: Dig_DNS
            cleints: {role: workstation}
            intent:
              - tga dig DNS
              - rotate: {evry: 6h, jitter: soon}
            ---
            name: b
            name: c
            servers: {role: [a, {b: c}]}
            intent:
              - tag:
                  transport: upd
                  port: "53"
                  server: {addresses: [10.0.0.1/8, 10.0.0.1:53, dns.example]}
                  drop untagged: yes
                  dialect: {at: middle}
            """
        let expected = """
            dns.yaml:2:7: error: a name is 1 to 63 of a-z, 0-9 and '-', not 'Dig_DNS'
               2 | name: Dig_DNS
                 |       ^~~~~~~ did you mean 'dig-dns'?

            dns.yaml:3:1: error: an intent has no key 'cleints'
               3 | cleints: {role: workstation}
                 | ^~~~~~~ did you mean 'clients'?

            dns.yaml:5:5: error: unknown phrase 'tga dig DNS'
               5 |   - tga dig DNS
                 |     ^~~ did you mean 'tag'?

            dns.yaml:6:5: error: a rotation needs a period
               6 |   - rotate: {evry: 6h, jitter: soon}
                 |     ^~~~~~ add 'every: 6h'

            dns.yaml:6:14: error: 'rotate' has no key 'evry'
               6 |   - rotate: {evry: 6h, jitter: soon}
                 |              ^~~~ did you mean 'every'?

            dns.yaml:6:32: error: a rotation's jitter 'soon' is no length of time
               6 |   - rotate: {evry: 6h, jitter: soon}
                 |                                ^~~~ write a number and its unit: 250ms, 90s, 5m, 6h or 1d

            dns.yaml:9:1: error: 'name' stands in an intent twice
               9 | name: c
                 | ^~~~ keep one of them
            dns.yaml:8:1: note: the first one is here
               8 | name: b
                 | ^~~~

            dns.yaml:10:21: error: a label's value is a text, not a mapping
              10 | servers: {role: [a, {b: c}]}
                 |                     ^

            dns.yaml:13:18: error: 'transport' is 'udp' or 'tcp', not 'upd'
              13 |       transport: upd
                 |                  ^~~ did you mean 'udp'?

            dns.yaml:14:13: error: 'port' is a number, and this is text
              14 |       port: "53"
                 |             ^~~~ take the quotes off

            dns.yaml:15:28: error: '10.0.0.1/8' sets bits past its prefix
              15 |       server: {addresses: [10.0.0.1/8, 10.0.0.1:53, dns.example]}
                 |                            ^~~~~~~~~~ did you mean 10.0.0.0/8? or 10.0.0.1 for the one address

            dns.yaml:15:40: error: '10.0.0.1:53' is an address with a port
              15 |       server: {addresses: [10.0.0.1/8, 10.0.0.1:53, dns.example]}
                 |                                        ^~~~~~~~~~~ write the port under 'port:'

            dns.yaml:15:53: error: 'dns.example' is no IPv4 or IPv6 address
              15 |       server: {addresses: [10.0.0.1/8, 10.0.0.1:53, dns.example]}
                 |                                                     ^~~~~~~~~~~ names are not looked up: write 192.0.2.1, \
            10.0.0.0/8 or 2001:db8::/32

            dns.yaml:16:22: error: 'drop untagged' is true or false, not 'yes'
              16 |       drop untagged: yes
                 |                      ^~~ did you mean true?

            dns.yaml:17:21: error: 'at' is 'front' or 'end', not 'middle'
              17 |       dialect: {at: middle}
                 |                     ^~~~~~
            """
        #expect(rendered(text) == expected)
    }

    @Test("A syntax error in one document hides no other document")
    func syntaxErrors() {
        let text = """
            name: a
            intent: [tag dig DNS
            ---
            name: b
            intent:
             - tag dig DNS
               label: x
            ---
            name: c
            intent: - tag dig DNS
            ---
            name: "d
            intent: tag dig DNS
            ---
            name: e
            intent: *all
            ---
            name: f
            intent: tga dig DNS
            """
        let result = IntentParser.parse(IntentSource(origin: "-", text: text))
        #expect(result.intents.isEmpty)
        #expect(result.diagnostics.map(\.line) == [3, 7, 10, 12, 16, 19], "\(result.diagnostics.rendered())")
        #expect(result.diagnostics.allSatisfy { $0.message.utf8.count > 10 })
    }

    @Test("Each document keeps its own text, byte for byte")
    func documents() throws {
        let text =
            "# first\nname: a\nintent: tag dig DNS # why\n---\r\nname: b\r\nintent: tag dig NTP\r\n--- {name: c, intent: tag x NTP}\n...\n"
        let found = try intents(text)
        #expect(found.map(\.name.rawValue) == ["a", "b", "c"])
        #expect(
            found.map(\.document) == [
                "# first\nname: a\nintent: tag dig DNS # why\n", "name: b\r\nintent: tag dig NTP\r\n",
                "--- {name: c, intent: tag x NTP}\n",
            ])
        for one in found {
            #expect(try intent(one.document).name == one.name)
        }
        #expect(found[1].places.name.line == 5)
        #expect(found[2].places.name.column == 12)
    }

    @Test("Columns are counted in characters, also behind accents, in quotes and behind a byte order mark")
    func columns() {
        #expect(rendered("{\"näme\": x}\n").contains("dns.yaml:1:2: error: an intent has no key 'näme'"))
        #expect(rendered("{ï: a, nmae: x}\n").contains("dns.yaml:1:8: error: an intent has no key 'nmae'"))
        #expect(
            rendered("\u{FEFF}nmae: x\nintent: tag dig DNS\n").hasPrefix(
                "dns.yaml:1:1: error: an intent has no key 'nmae'"))
        let text = "name: x\nclients: {'größe': [\"ü\", b]}\nintent: tag dig DNS\n"
        let places = IntentParser.parse(IntentSource(origin: "-", text: text)).diagnostics.map(\.place)
        #expect(places.map(\.column) == [11, 21])
        #expect(places.map(\.length) == [7, 3])
    }

    @Test("Several duplicate keys in several mappings are each told")
    func duplicates() {
        let text = """
            name: x
            clients: {role: a, role: b, 'site': c, 'site': d}
            name: y
            intent:
              - tag: {transport: udp, port: 53, port: 54, dialect: {at: end, at: front}}
            """
        let result = IntentParser.parse(IntentSource(origin: "-", text: text))
        #expect(result.diagnostics.map { "\($0.line):\($0.column)" } == ["2:20", "2:40", "3:1", "5:37", "5:66"])
    }

    @Test(
        "What is no file of intents is refused with one clear sentence",
        arguments: [
            ("", "1:1: error: this file holds no intent"),
            ("# nothing\n", "1:1: error: this file holds no intent"),
            ("name: x\nintent: tag dig DNS\n---\n", "3:1: error: this document is empty"),
            ("---\n---\nname: x\nintent: tag dig DNS\n", "1:1: error: this document is empty"),
            ("hello", "1:1: error: an intent is a mapping, not 'hello'"),
            ("- a\n", "1:1: error: an intent is a mapping, not a list"),
            ("name: x\n", "1:1: error: this intent does not say what to do"),
            ("name: x\nintent:\n", "2:1: error: 'intent' has no value"),
            ("name: x\nintent: []\n", "2:9: error: 'intent' is an empty list"),
            ("intent: tag dig DNS\n", "1:1: error: this intent has no name"),
            ("name:\nintent: tag dig DNS\n", "1:1: error: 'name' has no value"),
            ("name: [a]\nintent: tag dig DNS\n", "1:7: error: 'name' is one value, not a list"),
            ("name: x\nintent:\n\t- tag dig DNS\n", "3:1: error: a tab indents this line"),
            ("name: x\u{7}\nintent: tag dig DNS\n", "1:8: error: character U+0007 does not belong in an intent"),
            ("name: x\u{2028}intent: tag dig DNS\n", "1:8: error: character U+2028 does not belong in an intent"),
            ("%YAML 1.1\n---\nname: x\nintent: tag dig DNS\n", "1:1: error: YAML directives have no use here"),
            ("name: &n x\nintent: tag dig DNS\n", "1:7: error: YAML anchors and aliases are not taken in intents"),
            (
                "name: x\nclients: {role: *}\nintent: tag dig DNS\n",
                "2:17: error: '*' begins a YAML alias here, not a text"
            ),
            ("name: x\nclients: {}\nintent: tag dig DNS\n", "2:10: error: 'clients' selects by no label"),
            (
                "name: x\nclients: [a]\nintent: tag dig DNS\n",
                "2:10: error: 'clients' is a mapping of labels or a text, not a list"
            ),
            ("name: x\nclients: role=a,,b\nintent: tag dig DNS\n", "2:10: error: 'role=a,,b' has an empty part"),
            (
                "name: x\nintent:\n  - tag dig DNS\n    monitor: x\n",
                "4:12: error: ': ' begins a value where none may begin"
            ),
            ("name: x\nintent:\n  - tag dig DNS: x\n", "3:5: error: 'tag dig DNS' is no item of an intent"),
            (
                "name: x\nintent:\n  - rotate: {every: 6h}\n    delay: 1s\n",
                "4:5: error: an item of 'intent' has one key"
            ),
            (
                "name: x\nintent:\n  - - tag dig DNS\n",
                "3:5: error: an item of 'intent' is a phrase or a mapping, not a list"
            ),
            ("? [a, b]\n: c\n", "1:3: error: a key is a word, not a list or a mapping"),
        ])
    func refusals(text: String, first: String) {
        let shown = rendered(text)
        #expect(shown.hasPrefix("dns.yaml:" + first), "\(shown)")
    }

    @Test("Bounds hold: size of file and document, number of documents, depth, anchors and aliases")
    func bounds() {
        let big = String(repeating: "#", count: SourceBounds.fileBytesMax + 1)
        #expect(rendered(big).contains("this file has 1048577 bytes, a file of intents at most 1048576"))
        let long = "name: x\nintent: tag dig DNS\n#" + String(repeating: "x", count: SourceBounds.documentBytesMax)
        #expect(rendered(long).contains("an intent at most 65536"))
        let many = (0...1000).map { "name: n\($0)\nintent: tag dig DNS\n" }.joined(separator: "---\n")
        #expect(rendered(many).contains("3001:1: error: this file has 1001 documents, at most 1000 are read"))
        for depth in [17, 900, 30_000] {
            let deep = "name: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
            #expect(
                rendered(deep).contains("error: more than 16 lists and mappings inside one another"), "depth \(depth)")
        }
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...30 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            bomb += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(rendered(bomb).contains("error: more than 8 YAML anchors in one document"))
        let small = "a: &a [x]\n? *a\n: &b [*a, *a]\nname: x\nintent: tag dig DNS\n"
        #expect(rendered(small).contains("1:4: error: YAML anchors and aliases are not taken in intents"))
        let flood = (0..<1000).map { "k\($0): x\n" }.joined()
        #expect(
            IntentParser.parse(IntentSource(origin: "-", text: flood)).diagnostics.count == SourceBounds.diagnosticsMax)
    }

    @Test("Whatever the bytes, the reader answers: 4,000 mutations of a good file")
    func mutations() throws {
        let good = Array(
            "name: x\nclients: {role: [a, \"b\"], site: '*'}\nintent:\n  - tag dig DNS label \"a b\" at end\n  - tag: {transport: udp, port: 53}\n---\nname: y\nintent: >\n  tag dig\n  NTP\n"
                .unicodeScalars)
        let pieces = Array("\n\t :-[]{}\"'&*#|>%?!@`,\\x0é\u{85}\r".unicodeScalars)
        var state: UInt64 = 45
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        var refused = 0
        for _ in 0..<4000 {
            var text = good
            for _ in 0...next(3) {
                let at = next(text.count)
                switch next(3) {
                case 0: text[at] = pieces[next(pieces.count)]
                case 1: text.insert(pieces[next(pieces.count)], at: at)
                default: text.remove(at: at)
                }
            }
            let written = String(String.UnicodeScalarView(text))
            let result = IntentParser.parse(IntentSource(origin: "-", text: written))
            if result.diagnostics.hasErrors { refused += 1 }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
            for one in result.diagnostics {
                try #require(one.line >= 1 && one.line <= lines && one.column >= 1, "\(one.rendered())")
            }
            // What is taken is printed, read again and printed the same.
            for intent in result.intents {
                let printed = explain(intent)
                let again = IntentParser.parse(IntentSource(origin: "-", text: printed))
                try #require(again.intents.map { explain($0) } == [printed], "\(again.diagnostics.rendered())")
            }
        }
        #expect(refused > 1000 && refused < 4000)
    }

    @Test("Two files that define one name are refused, both places told")
    func repeatedNames() {
        let text = "name: dns\nintent: tag dig DNS\n"
        let result = IntentParser.parse([
            IntentSource(origin: "a.yaml", text: text), IntentSource(origin: "b.yaml", text: text),
        ])
        #expect(result.intents.count == 1)
        #expect(
            result.diagnostics.rendered() == """
                b.yaml:1:7: error: two intents are named 'dns'
                   1 | name: dns
                     |       ^~~ rename one of them
                a.yaml:1:7: note: the first one is here
                   1 | name: dns
                     |       ^~~
                """)
    }
}

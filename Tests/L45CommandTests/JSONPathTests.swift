import Testing

@testable import L45Command

@Suite("Templates over the answers")
struct JSONPathTests {
    private struct Device: Encodable {
        var name: String
        var link: String
        var generation: UInt64
        var labels: [String: String] = [:]
        var addresses: [String] = []
        var halted: Bool?
    }

    private static let fleet = [
        Device(
            name: "client-1", link: "connected", generation: 18_446_744_073_709_551_615,
            labels: ["role": "client", "l45.io/site": "boston"], addresses: ["10.0.0.1", "10.0.0.2"]),
        Device(name: "resolver-1", link: "away", generation: 6, halted: true),
    ]

    private func text(_ template: String) throws -> String {
        try JSONPath(template).text(of: JSONValue(document: Self.fleet))
    }

    @Test(
        "What kubectl's users write prints what they expect",
        arguments: [
            ("{[*].name}", "client-1 resolver-1"),
            ("{.items[*].name}", "client-1 resolver-1"),
            ("{range .items[*]}{.name}{\"\\t\"}{.link}{\"\\n\"}{end}", "client-1\tconnected\nresolver-1\taway\n"),
            (
                "{range [*]}{.name}: {range .addresses[*]}<{@}>{end};{end}",
                "client-1: <10.0.0.1><10.0.0.2>;resolver-1: ;"
            ),
            ("{[0].addresses[-1]}", "10.0.0.2"),
            ("{[0].labels['role']} {[0].labels.l45\\.io/site}", "client boston"),
            ("{[?(@.link==\"away\")].name}", "resolver-1"),
            ("{[?(@.link != 'away')].name}", "client-1"),
            ("{[?(@.generation<=6)].name}", "resolver-1"),
            ("{[?(@.halted)].name}", "resolver-1"),
            ("{range [1]}{.name} of {$[*].name}{end}", "resolver-1 of client-1 resolver-1"),
            ("there are {[*].link}.", "there are connected away."),
        ])
    func known(_ template: String, _ expected: String) throws {
        #expect(try text(template) == expected)
    }

    @Test("A field that is asked of a list is asked of each element, and braces may be left out")
    func short() throws {
        #expect(try text("{.name}") == "client-1 resolver-1")
        #expect(try text(".name") == "client-1 resolver-1")
        #expect(try text("name") == "client-1 resolver-1")
    }

    @Test("Numbers keep every digit, lists and objects are JSON on one line, and what is not there is nothing")
    func values() throws {
        #expect(try text("{[0].generation}") == "18446744073709551615")
        #expect(try text("{[0].addresses}") == "[\"10.0.0.1\",\"10.0.0.2\"]")
        #expect(try text("{[0].labels}") == "{\"l45.io/site\":\"boston\",\"role\":\"client\"}")
        #expect(try text("{[1].nothing}{[7].name}{[0].name.more}").isEmpty)
    }

    @Test(
        "A template that cannot be read says where and why",
        arguments: [
            ("", "the template is empty; try '{[*].name}'"),
            (
                "{..name}",
                "in the template, at character 3: '..' is not among what templates know; name the fields on the way"
            ),
            ("{.name", "in the template, at character 7: '}' is missing"),
            ("{range [*]}{.name}", "in the template, at character 19: a range has no '{end}'"),
            ("{.name}{end}", "in the template, at character 13: '{end}' ends no range"),
            (
                "{[one]}",
                "in the template, at character 3: a number, '*', a quoted name or '?(...)' is expected after '['"
            ),
            ("{\"open}", "in the template, at character 8: a \" is not closed"),
        ])
    func faults(_ template: String, _ expected: String) {
        #expect { try JSONPath(template) } throws: { "\($0)" == expected }
    }

    @Test("Templates, their depth and what they print are bounded")
    func bounds() throws {
        let deep = String(repeating: "{range [*]}", count: 9) + String(repeating: "{end}", count: 9)
        #expect { try JSONPath(deep) } throws: { "\($0)".hasSuffix("ranges nest up to 8 deep") }
        #expect { try JSONPath(String(repeating: "x", count: 4097)) } throws: {
            "\($0)" == "a template has up to 4096 characters, this one 4097"
        }
        let many = JSONValue.array(Array(repeating: .string(String(repeating: "x", count: 1000)), count: 200))
        let squared = try JSONPath("{range [*]}{range $[*]}{@}{end}{end}")
        #expect { try squared.text(of: many) } throws: { "\($0)" == "the template prints more than 16 MiB; narrow it" }
    }
}

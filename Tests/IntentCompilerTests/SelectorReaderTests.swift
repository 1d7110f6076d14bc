import IntentCompiler
import L45Model
import Testing

@Suite("Selectors on the command line")
struct SelectorReaderTests {
    private let devices: [String: [String: String]] = [
        "a": ["role": "web", "site": "paris", "gpu": "yes"], "b": ["role": "web", "site": "lab"],
        "c": ["role": "dns", "site": "paris", "spare": ""], "d": [:],
    ]

    @Test(
        "Each form chooses as kubectl's does",
        arguments: [
            ("role=web", "ab"), ("role==web", "ab"), ("role!=web", "cd"), ("role in (web,dns)", "abc"),
            ("role in(web)", "ab"), ("site notin (paris, lab)", "d"), ("role", "abc"), ("!role", "d"), ("! gpu", "bcd"),
            ("role=web,site!=lab", "a"), (" role = web , gpu ", "a"), ("role=web|dns,site=paris", "ac"),
            ("spare=", "c"), ("spare", "c"), ("role=web,role=dns", ""), ("in in (x),role", ""), ("in", ""),
            ("!spare,site in (paris)", "a"),
        ])
    func forms(text: String, chosen: String) throws {
        let selector = try SelectorReader.read(text, origin: "-l")
        let found = devices.filter { selector.matches($0.value) }.keys.sorted().joined()
        #expect(found == chosen)
        // The same by way of the query that goes over the wire.
        let query = ResourceQuery(.devices, of: selector)
        #expect(devices.filter { query.matches($0.value) }.keys.sorted().joined() == chosen)
    }

    @Test(
        "A mistake is told under its place, with the way out",
        arguments: [
            ("", 1, "the name of a label is expected here", "write 'label=value', one comma between two"),
            ("role=web,", 10, "the name of a label is expected here", "write 'label=value', one comma between two"),
            ("=web", 1, "the name of a label is expected here", "write 'label=value', one comma between two"),
            ("role in web", 9, "'in' takes a list in parentheses", "write 'role in (a,b)'"),
            ("role in (web", 13, "the list is not closed", "write ')' at its end"),
            ("role in (web,", 14, "the list is not closed", "write ')' at its end"),
            ("role in ()", 10, "a value is expected here", "an empty list selects nothing"),
            ("role in (a b)", 12, "a comma or ')' is expected here", nil),
            ("role ni (a)", 6, "'ni' is no operator: there are =, !=, in and notin", "did you mean 'in'?"),
            ("role noting (a)", 6, "'noting' is no operator: there are =, !=, in and notin", "did you mean 'notin'?"),
            ("role web", 6, "'web' is no operator: there are =, !=, in and notin", "write 'role=web'"),
            ("role (a)", 6, "a list comes after 'in' or 'notin'", "write 'role in (a,b)'"),
            ("!role=web", 6, "'!role' stands alone: the device has no such label", "write 'role!=value'"),
            ("role=(a)", 6, "a value is expected here, not '('", "write 'in (a,b)'"),
            ("role=web site=lab", 10, "a comma is expected here", "write ',' between two requirements"),
            ("role=wéb", 6, "a label's value is 1 to 63 of letters, digits and '-_./', not 'wéb'", nil),
            ("ro:le", 1, "a label's name is 1 to 63 of letters, digits and '-_./', not 'ro:le'", nil),
        ] as [(String, Int, String, String?)])
    func mistakes(text: String, column: Int, message: String, hint: String?) throws {
        let fault = try #require(throws: Diagnostic.self) { try SelectorReader.read(text, origin: "-l") }
        #expect(fault.column == column)
        #expect(fault.message == message)
        #expect(fault.hint == hint)
    }

    @Test("The caret stands under the word")
    func caret() throws {
        let fault = try #require(throws: Diagnostic.self) {
            try SelectorReader.read("role=web, site ni (a)", origin: "-l")
        }
        #expect(
            fault.rendered() == """
                -l:1:16: error: 'ni' is no operator: there are =, !=, in and notin
                   1 | role=web, site ni (a)
                     |                ^~ did you mean 'in'?
                """)
        let long = String(repeating: "a", count: SelectorReader.charactersMax + 1)
        #expect(throws: Diagnostic.self) { try SelectorReader.read(long, origin: "-l") }
    }
}

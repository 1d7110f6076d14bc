import IntentCompiler
import L45Model
import Testing

@Suite("What can be said without a fleet")
struct OfflineCheckTests {
    private func check(_ texts: String...) -> OfflineCheck {
        OfflineCheck(texts.enumerated().map { IntentSource(origin: "\($0.offset).yaml", text: $0.element) })
    }

    private func intent(_ name: String, _ clients: String, _ servers: String, _ phrases: String...) -> String {
        "name: \(name)\nclients: \"\(clients)\"\nservers: \"\(servers)\"\nintent:\n"
            + phrases.map { "  - \($0)\n" }.joined()
    }

    @Test("Intents that share sockets fight wherever one selector means devices of both")
    func fights() {
        let one = intent("one", "role=desk", "role=dns", "tag dig DNS")
        #expect(!check(one).diagnostics.hasErrors)
        for clients in ["role=desk", "role=desk|kiosk", "*", "role", "site!=lab"] {
            let result = check(one, intent("two", clients, "role=dns", "tag dig DNS at end"))
            #expect(result.diagnostics.map(\.rule) == [.conflict], "\(clients)")
            #expect(result.compiled == nil)
        }
        // No device needs to have both labels.
        #expect(check(one, intent("two", "site=lab", "role=dns", "tag dig DNS at end")).diagnostics.isEmpty)
        #expect(check(one, intent("two", "role=desk", "role=dns", "tag drill DNS")).diagnostics.isEmpty)
    }

    @Test("A selector that no device can ever meet is told of, at its place")
    func impossible() {
        let result = check(intent("x", "role=desk,!role,site=hq", "role=dns", "tag dig DNS"))
        #expect(result.diagnostics.map(\.line) == [2])
        #expect(
            result.diagnostics.first?.message
                == "intent 'x' selects no clients: no device can have role=desk and !role together")
        #expect(check(intent("x", "role=desk,role!=dns,site!=lab", "!spare", "tag dig DNS")).diagnostics.isEmpty)
    }

    @Test("A name that none of the files has may be in force already: that warns")
    func references() {
        let chain = "name: more\nafter: head\nclients: {role: desk}\nintent:\n  - monitor dig DNS\n  - label x\n"
        #expect(check(chain).diagnostics.map(\.severity) == [.warning])
        #expect(check(chain).diagnostics.first?.message == "none of these files has the intent 'head'")
        let near = check(chain, intent("haed", "role=desk", "role=dns", "tag drill DNS"))
        #expect(near.diagnostics.first?.hint == "did you mean 'haed'?")
        let posture = check("name: p\nintent: [threat level CPCON5, 'use dns, web* from CPCON3']\n")
        #expect(posture.diagnostics.map(\.rule) == [.reference, .reference])
        #expect(posture.compiled != nil)
    }

    @Test("Two intents that guard the same path fight, and one alone does not")
    func guards() {
        let one = intent("one", "role=desk", "role=desk", "guard paths to 10.2.0.0/24")
        #expect(check(one).diagnostics.isEmpty)
        #expect(check(intent("within", "*", "*", "guard paths")).diagnostics.isEmpty)
        let both = check(one, intent("two", "*", "role=dns", "guard paths to 10.2.0.0/24, ecn deny"))
        #expect(both.diagnostics.hasErrors && both.diagnostics.allSatisfy { $0.rule == .conflict })
    }

    @Test("What ships is without a mistake, file by file")
    func library() throws {
        for (file, text) in try LibraryTests.texts() {
            let result = check(text)
            #expect(result.diagnostics.isEmpty, "\(file)\n\(result.diagnostics.rendered())")
            #expect(result.compiled != nil)
        }
    }

    @Test("Equal files have equal digests in whatever order, and another dialect another one")
    func digests() {
        let one = intent("one", "role=desk", "role=dns", "tag dig DNS")
        let two = intent("two", "role=desk", "role=web", "tag curl HTTP")
        #expect(check(one, two).compiled == check(two, one).compiled)
        #expect(check(one).compiled != check(two).compiled)
    }
}

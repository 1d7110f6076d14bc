import IntentCompiler
import L45Model
import Testing

@Suite("Postures: which intent is in force at which level")
struct PostureTests {
    private static let weak =
        "name: weak\nclients: {role: workstation}\nservers: {role: resolver}\nintent: tag dig DNS\n"
    private static let strong = weak.replacing("weak", with: "strong").replacing("DNS", with: "DNS at end")
    private static let web =
        "name: web\nclients: {role: workstation}\nservers: {role: web}\nintent: tag curl HTTP every 1000 bytes\n"

    private func posture(_ lines: String...) -> String {
        "name: cpcon\nintent:\n" + lines.map { "  - \($0)\n" }.joined()
    }

    private func resolved(_ document: String, _ others: [String] = [weak, strong, web]) throws -> Posture {
        let all = try (others + [document]).flatMap { try intents($0) }.sorted { $0.name < $1.name }
        let (posture, faults) = PostureCheck.resolve(all)
        if !faults.diagnostics.isEmpty { throw Mistakes(text: faults.diagnostics.rendered()) }
        return try #require(posture)
    }

    private func inForce(_ posture: Posture) -> [String] {
        posture.levels.map { "\($0.name): \($0.inForce.map(\.rawValue).joined(separator: " "))" }
    }

    @Test("The phrases of a posture: from a level up, over some levels, at one alone")
    func phrases() throws {
        let said = posture(
            "threat level CPCON4", "use weak from CPCON4 to CPCON3", "use strong from CPCON2", "use web at CPCON3")
        #expect(try intent(said).posture?.level == PostureLevel("CPCON4"))
        let posture = try resolved(said)
        #expect(
            inForce(posture) == ["CPCON5: ", "CPCON4: weak", "CPCON3: weak web", "CPCON2: strong", "CPCON1: strong"])
        #expect(posture.resting(at: PostureLevel("cpcon2")) == [IntentName("weak"), IntentName("web")])
        #expect(posture.whereabouts(of: IntentName("weak")) == "from CPCON4 to CPCON3")
        #expect(posture.whereabouts(of: IntentName("strong")) == "from CPCON2")
        #expect(posture.whereabouts(of: IntentName("web")) == "at CPCON3")
        #expect(posture.keepsApart(IntentName("weak"), IntentName("strong")))
        #expect(!posture.keepsApart(IntentName("weak"), IntentName("web")))
        #expect(!posture.keepsApart(IntentName("weak"), IntentName("another")))
    }

    @Test("The long form says the same, and 'explain' writes it")
    func longForm() throws {
        let long = """
            name: cpcon
            intent:
              posture:
                level: CPCON4
                levels:
                  CPCON4: {only: weak}
                  CPCON3: {only: [weak, web]}
                  CPCON2: {up: [strong]}
            """
        let phrases = try resolved(
            posture(
                "threat level CPCON4", "use weak from CPCON4 to CPCON3", "use strong from CPCON2", "use web at CPCON3"))
        #expect(try resolved(long) == phrases)
        #expect(try resolved(explain(intent(long))) == phrases)
    }

    @Test("Levels may have names of the operator's own, in their order, and names may be given by their beginning")
    func ownLevels() throws {
        let said = posture(
            "levels green, amber, red", "threat level green", "use w* from amber", "use weak at red")
        #expect(inForce(try resolved(said)) == ["green: ", "amber: web", "red: weak web"])
        #expect(try resolved(explain(intent(said))) == (try resolved(said)))
        let long = "name: cpcon\nintent: {posture: {level: hot, levels: {cold: , hot: {up: [web]}}}}\n"
        #expect(inForce(try resolved(long)) == ["cold: ", "hot: web"])
    }

    @Test("Intents of which no level has both may speak on the same sockets; all are planned for")
    func apart() throws {
        let both = try compile([
            Self.weak, Self.strong, posture("threat level CPCON5", "use weak at CPCON4", "use strong from CPCON3"),
        ])
        #expect(both.diagnostics.isEmpty, "\(both.diagnostics.rendered())")
        #expect(both.modules(Fleet.desk).map(\.intent.rawValue).sorted() == ["strong", "weak"])
        // One level has both.
        let clash = try compile([
            Self.weak, Self.strong, posture("threat level CPCON5", "use weak at CPCON3", "use strong from CPCON4"),
        ])
        #expect(clash.refused == [IntentName("strong"), IntentName("weak")])
        // One of them is in force always.
        #expect(
            !(try compile([Self.weak, Self.strong, posture("threat level CPCON5", "use weak at CPCON4")])).refused
                .isEmpty)
    }

    @Test(
        "What a posture gets wrong by itself, as the operator sees it",
        arguments: [
            (
                "  - threat level CPCON6\n  - use weak from CPCON4\n",
                """
                dns.yaml:3:18: error: there is no level 'CPCON6'
                   3 |   - threat level CPCON6
                     |                  ^~~~~~ did you mean 'CPCON5'?
                """
            ),
            (
                "  - threat level CPCON4\n  - use weak from CPCON0\n",
                """
                dns.yaml:4:19: error: there is no level 'CPCON0'
                   4 |   - use weak from CPCON0
                     |                   ^~~~~~ did you mean 'CPCON5'?
                """
            ),
            (
                "  - threat level CPCON4\n  - use weak from CPCON2 to CPCON4\n",
                """
                dns.yaml:4:29: error: CPCON4 is below CPCON2
                   4 |   - use weak from CPCON2 to CPCON4
                     |                             ^~~~~~ write 'from CPCON4 to CPCON2'
                """
            ),
            (
                "  - threat level CPCON4\n  - use weak\n",
                """
                dns.yaml:4:5: error: this phrase does not say at which levels
                   4 |   - use weak
                     |     ^~~~~~~~ add 'from LEVEL' for it and all above, 'from LEVEL to LEVEL', or 'at LEVEL' for it alone
                """
            ),
            (
                "  - use weak from CPCON4\n",
                """
                dns.yaml:3:9: error: this posture does not say which level is in force
                   3 |   - use weak from CPCON4
                     |         ^~~~ add 'threat level CPCON5', the lowest, or another one
                """
            ),
            (
                "  - threat level CPCON4\n",
                """
                dns.yaml:3:18: error: this posture names no intent
                   3 |   - threat level CPCON4
                     |                  ^~~~~~ add a phrase, such as 'use dig-dns from CPCON3'
                """
            ),
            (
                "  - threat level CPCON4\n  - use weak from CPCON4\n  - tag dig DNS\n",
                """
                dns.yaml:3:18: error: a posture stands in a document of its own
                   3 |   - threat level CPCON4
                     |                  ^~~~~~ put what is to be done into intents, and name them here
                """
            ),
            (
                "  - threat level CPCON4\n  - threat level CPCON3\n  - use weak from CPCON4\n",
                """
                dns.yaml:4:18: error: 'threat level' stands in this posture twice
                   4 |   - threat level CPCON3
                     |                  ^~~~~~ keep one of them
                dns.yaml:3:18: note: the first one is here
                   3 |   - threat level CPCON4
                     |                  ^~~~~~
                """
            ),
        ])
    func mistakes(lines: String, complaint: String) {
        #expect(rendered("name: cpcon\nintent:\n\(lines)") == complaint)
    }

    @Test(
        "A posture that names a missing intent, or one twice for a level, is refused with its place and the nearest name"
    )
    func references() throws {
        let missing = try compile([Self.weak, posture("threat level CPCON4", "use waek from CPCON3")])
        #expect(missing.refused == [IntentName("cpcon")])
        #expect(
            missing.diagnostics.rendered() == """
                1.yaml:4:9: error: there is no intent 'waek'
                   4 |   - use waek from CPCON3
                     |         ^~~~ did you mean 'weak'?
                """)
        let twice = try compile([
            Self.weak, posture("threat level CPCON4", "use weak from CPCON4", "use weak at CPCON2"),
        ])
        #expect(twice.refused == [IntentName("cpcon")])
        let text = twice.diagnostics.rendered()
        #expect(text.contains("1.yaml:5:9: error: intent 'weak' is in force from CPCON4 to CPCON1 already"), "\(text)")
        #expect(text.contains("they meet at CPCON2"), "\(text)")
        let nobody = try compile([Self.weak, posture("threat level CPCON4", "use dns-* from CPCON3")])
        #expect(nobody.diagnostics.rendered().contains("no intent's name begins with 'dns-'"))
        let itself = try compile([Self.weak, posture("threat level CPCON4", "use cpcon from CPCON3")])
        #expect(itself.diagnostics.rendered().contains("'cpcon' is a posture"))
        let second = posture("threat level CPCON4", "use weak from CPCON3")
        let two = try compile([Self.weak, second, second.replacing("cpcon", with: "defcon")])
        #expect(two.refused == [IntentName("cpcon"), IntentName("defcon")])
        #expect(two.modules(Fleet.desk).count == 1)
    }
}

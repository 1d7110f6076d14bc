import IntentCompiler
import L45Model
import Testing

@Suite("Guarded paths")
struct GuardTests {
    private static let hq = "name: wan\nclients: {role: workstation}\nservers: {site: hq}\nintent:\n"

    @Test(
        "'guard paths' alone guards the paths from the clients to each address of the servers, all extensions on auto")
    func bare() throws {
        let compilation = try compile(
            "name: wan\nclients: {role: web}\nservers: {role: resolver}\nintent: guard paths\n")
        #expect(compilation.diagnostics.isEmpty)
        let path = try #require(compilation.paths(Fleet.web).first)
        // The web server has no IPv6 address: it can not reach the resolver's.
        #expect(compilation.paths(Fleet.web).map(\.name.rawValue) == ["wan/10.0.0.53"])
        #expect(path.policy == PathPolicy())
        #expect(path.far == [Fleet.dns.id])
        #expect(path.probe == AddressBlock("10.0.0.53"))
        #expect((path.port, path.ratePort) == (4545, 4546))
        #expect(
            compilation.answers(Fleet.dns)
                == [PathAnswer(port: 4545, ratePort: 4546, openers: Fleet.web.facts.addresses)])
    }

    @Test("A phrase of many parts takes commas or none, in any order")
    func clauses() throws {
        for text in [
            "guard paths to 10.0.0.0/24 from role=workstation, window scaling deny, ecn proven, mss allow, every 90s",
            "guard paths every 90s ecn proven mss allow from role=workstation window scaling deny to 10.0.0.0/24",
        ] {
            let intent = try intent("name: wan\nintent:\n  - \(text)\n")
            let paths = try #require(intent.guards.first)
            #expect(intent.clients.description == "role=workstation")
            #expect(paths.destinations == [try #require(AddressBlock("10.0.0.0/24"))])
            #expect(
                paths.policy
                    == PathPolicy(
                        treatments: [.windowScaling: .deny, .ecn: .proven, .mss: .allow], retestEvery: .seconds(90)))
        }
    }

    @Test("The long form reads back as the same intent, every default written out")
    func longForm() throws {
        let first = try intent(
            "name: wan\nintent:\n  - guard paths to 10.0.0.0/24,2001:db8::/64 from role=web, sack deny, on port 7000")
        let text = explain(first)
        #expect(text.contains("extensions: {ecn: auto, window scaling: auto, timestamps: auto, sack: deny,"))
        #expect(text.contains("probe: {port: 7000, rate port: 7001}"))
        let again = try intent(text)
        #expect(again.clients == first.clients)
        var one = try #require(first.guards.first)
        let other = try #require(again.guards.first)
        one.place = other.place
        #expect(one == other)
    }

    @Test(
        "What is not understood is told with its place, and the nearest word",
        arguments: [
            ("guard paths to 10.0.0.0/24, ecn atuo", "dns.yaml:3:37", "did you mean 'auto'?"),
            ("guard paths to 10.0.0.1/24", "dns.yaml:3:20", "did you mean 10.0.0.0/24?"),
            ("guard paths to branch", "dns.yaml:3:20", "write 10.2.0.0/24, or label=value"),
            ("guard paths tfo proven", "dns.yaml:3:21", "only ecn can be 'proven'"),
            ("guard paths windw scaling deny", "dns.yaml:3:17", "did you mean 'window'?"),
            ("guard paths every 10", "dns.yaml:3:23", "has no unit"),
            ("guard paths probe 10.0.0.0/24", "dns.yaml:3:23", "not to the block"),
            ("guard: {extensions: {windowscaling: deny}}", "dns.yaml:3:26", "did you mean 'window scaling'?"),
            ("guard: {probe: {port: 7, rate port: 7}}", "dns.yaml:3:5", "give them two ports"),
            ("guard: {mss bytes: 20}", "dns.yaml:3:24", "from 88 to 9000"),
            ("guard: {to: []}", "dns.yaml:3:17", "empty list"),
        ] as [(String, String, String)])
    func mistakes(words: String, place: String, hint: String) {
        let text = rendered(phrase(words))
        #expect(text.contains("\(place): error"), "\(text)")
        #expect(text.contains(hint), "\(text)")
        #expect(text.contains("^"), "\(text)")
    }

    @Test("'from' beside 'clients:' is refused, with both places")
    func twoSelectors() {
        let text = rendered("name: x\nclients: {role: web}\nintent:\n  - guard paths to 10.0.0.0/8 from role=edge\n")
        #expect(text.contains("dns.yaml:4:36: error: 'from' selects the clients of the whole intent"), "\(text)")
        #expect(text.contains("dns.yaml:2:10: note"), "\(text)")
    }

    @Test("A block is probed at a device within it, or where its author says")
    func whomToProbe() throws {
        let inside = try compile("name: wan\nclients: {role: web}\nintent: [\"guard paths to 10.0.0.0/26\"]\n")
        // The workstations and the resolver are within it; the web server itself is not.
        #expect(inside.paths(Fleet.web).first?.probe == AddressBlock("10.0.0.11"))
        #expect(inside.paths(Fleet.web).first?.far == [Fleet.desk.id, Fleet.laptop.id, Fleet.dns.id].sorted())

        let nobody = try compile("name: wan\nclients: {role: web}\nintent: guard paths to 203.0.113.0/24\n")
        #expect(nobody.refused == [IntentName("wan")])
        #expect(nobody.paths.isEmpty)
        #expect(nobody.diagnostics.rendered().contains("nobody says whom to probe"))

        let given = try compile(
            "name: wan\nclients: {role: web}\nintent: guard paths to 203.0.113.0/24 probe 203.0.113.7\n")
        let path = try #require(given.paths(Fleet.web).first)
        #expect(path.probe == AddressBlock("203.0.113.7"))
        #expect(path.ratePort == nil && path.far.isEmpty)

        let elsewhere = try compile(
            "name: wan\nclients: {role: web}\nintent: guard paths to 203.0.113.0/24 probe 192.0.2.1\n")
        #expect(elsewhere.diagnostics.rendered().contains("192.0.2.1 is in none of the destinations"))
    }

    @Test("Two intents for one destination on one device are refused, and both places told")
    func overlap() throws {
        let compilation = try compile([
            "name: a\nclients: {role: web}\nintent: guard paths to 10.0.0.53\n",
            "name: b\nclients: {site: hq}\nservers: {role: resolver}\nintent: guard paths, sack deny\n",
        ])
        #expect(compilation.refused == [IntentName("a"), IntentName("b")])
        let text = compilation.diagnostics.rendered()
        #expect(text.contains("intents 'a' and 'b' both guard 10.0.0.53 on 'web'"), "\(text)")
        #expect(compilation.paths.isEmpty)
    }

    @Test("More paths than a device's table holds are refused, and what helps is said")
    func crowd() throws {
        let many = (0..<300).map { index in
            Fleet.device("s\(index)", ["role": "sensor"], ["10.9.\(index / 250).\(index % 250 + 1)"])
        }
        let compilation = try compile(
            "name: wan\nclients: {role: web}\nservers: {role: sensor}\nintent: guard paths\n", Fleet.all + many)
        #expect(compilation.diagnostics.rendered().contains("would guard more than 256 paths"))
        #expect(compilation.refused == [IntentName("wan")])
    }

    @Test("Guards beside tags leave the modules as they are, and need no tap")
    func besideTags() throws {
        let text = "name: dns\nclients: {role: workstation}\nservers: {role: resolver}\nintent:\n  - tag dig DNS\n"
        let plain = try compile(text)
        let both = try compile(text + "  - guard paths\n")
        #expect(plain.plans == both.plans)
        #expect(plain.paths.isEmpty && both.paths.count == 3)
        let tapless = Fleet.device("edge", ["role": "edge"], ["10.0.0.99"], taps: [])
        let guarded = try compile(
            "name: wan\nclients: {role: edge}\nintent: guard paths to 10.0.0.53\n", [tapless, Fleet.dns])
        #expect(guarded.diagnostics.isEmpty)
    }

    @Test("The order in which devices and intents are given makes no difference")
    func order() throws {
        let texts = [
            "name: a\nclients: {role: web}\nintent: guard paths to 10.0.0.53\n",
            Self.hq + "  - guard paths, mss deny\n",
        ]
        #expect(try compile(texts).paths == compile(texts.reversed(), Fleet.all.reversed()).paths)
    }
}

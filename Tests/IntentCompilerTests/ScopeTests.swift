import IntentCompiler
import L45Model
import Testing

@Suite("Who is in scope, and what is proved of them")
struct ScopeTests {
    private func message(_ text: String, _ devices: [Device] = Fleet.all) throws -> String {
        let compilation = try compile(text, devices)
        #expect(compilation.plans.isEmpty)
        #expect(compilation.refused == [IntentName("x")])
        return compilation.diagnostics.rendered()
    }

    @Test("A selector that selects nobody is told with the labels that there are")
    func nobody() throws {
        #expect(
            try message("name: x\nclients: {role: workstaton}\nservers: {role: resolver}\nintent: tag dig DNS\n") == """
                0.yaml:2:10: error: intent 'x' selects no clients: no device has role=workstaton; the devices have \
                role=workstation (2 devices), role=resolver (1 device) and role=web (1 device)
                   2 | clients: {role: workstaton}
                     |          ^ did you mean 'workstation'?
                """)
        #expect(
            try message("name: x\nservers: {rôle: a}\nintent: tag dig DNS\n".replacing("ô", with: "oo")).contains(
                "no device has roole=a; none of the 4 devices has a label 'roole'"))
        #expect(
            try message("name: x\nservers: {role: resolver, site: lab}\nintent: tag dig DNS\n").contains(
                "intent 'x' selects no servers: no device has role=resolver and site=lab together"))
        #expect(try message("name: x\nintent: tag dig DNS\n", []).contains("no device is enrolled"))
        #expect(
            try message("name: x\nclients: {role: y}\nintent: monitor dig DNS\n").contains(
                "selects no clients: no device has role=y"))
    }

    @Test("Servers beyond the fleet are given by address, with a warning that nobody of the fleet decodes")
    func beyondTheFleet() throws {
        let text = """
            name: x
            clients: {role: workstation}
            servers: {role: none}
            intent:
              - tag: {application: dig, transport: udp, port: 53, server: {addresses: [198.51.100.0/24]}}
            """
        let compilation = try compile(text)
        #expect(compilation.refused.isEmpty)
        #expect(compilation.plans.count == 2)
        #expect(
            compilation.diagnostics.map(\.message) == [
                "flow x/0: 198.51.100.0/24 holds no server in scope: what clients send there is tagged and nobody of the fleet decodes it"
            ])
    }

    @Test("A device within the given addresses that is not selected is named")
    func stranger() throws {
        let text = """
            name: x
            clients: {role: workstation}
            servers: {role: resolver}
            intent:
              - tag: {application: dig, transport: udp, port: 53, server: {addresses: [10.0.0.32/27, 10.0.0.64/26]}}
            """
        let compilation = try compile(text)
        #expect(compilation.diagnostics.allSatisfy { $0.severity == .warning })
        #expect(compilation.diagnostics.contains { $0.message.contains("'web' lies within the server addresses") })
        #expect(compilation.diagnostics.contains { $0.message.contains("10.0.0.64/26 holds no server in scope") })
    }

    @Test("A server without an address, and a device without a tap, are named")
    func lacking() throws {
        let text = "name: x\nclients: {role: workstation}\nservers: {role: resolver}\nintent: tag dig DNS\n"
        let nowhere = Fleet.device("ns2", ["role": "resolver"], [])
        #expect(
            try message(text, Fleet.all + [nowhere]).contains("flow x/0: 'ns2' is a server without a known address"))
        let tapless = Fleet.device("old", ["role": "workstation"], ["10.0.0.9"], taps: [])
        #expect(try message(text, Fleet.all + [tapless]).contains("intent 'x' needs a tap on 'old', and there is none"))
    }

    @Test(
        "Servers that only answer in the dialect speak to the clients in scope alone, and other programs there are told of"
    )
    func blindAnswers() throws {
        let text = "name: x\nclients: {role: workstation}\nservers: {role: web}\nintent: tag PROGRAM HTTP responses\n"
        let some = try compile(text.replacing("PROGRAM", with: "curl"))
        #expect(some.diagnostics.map(\.severity) == [.warning])
        #expect(some.diagnostics.rendered().contains("and only 'curl' decodes them"))
        let any = try compile(text.replacing("PROGRAM", with: "any"))
        #expect(any.diagnostics.isEmpty)
        #expect(
            any.modules(Fleet.web).first?.tapSocket.remotes.map { $0.block?.description } == [
                "10.0.0.11", "10.0.0.12", "2001:db8::12",
            ])
        let nowhere = Fleet.device("roaming", ["role": "workstation"], [])
        #expect(try message(text, Fleet.all + [nowhere]).contains("'roaming' is a client without a known address"))
    }

    @Test("More server addresses than a tap has rules for are refused with the way out")
    func tooManyRules() throws {
        let servers = (0..<200).map { Fleet.device("s\($0)", ["role": "resolver"], ["10.2.0.\($0)", "10.3.0.\($0)"]) }
        let text = "name: x\nclients: {role: workstation}\nservers: {role: resolver}\nintent: tag dig DNS\n"
        let shown = try message(text, [Fleet.desk, Fleet.laptop] + servers)
        #expect(shown.contains("would need 400 rules and has room for 256"))
        #expect(shown.contains("'server: {addresses: [10.0.0.0/8]}'"))
    }
}

@Suite("Two intents for one socket")
struct DeconflictionTests {
    private func intent(_ name: String, _ phrase: String) -> String {
        "name: \(name)\nclients: {role: workstation}\nservers: {role: resolver}\nintent: \(phrase)\n"
    }

    @Test("Two that would send on the same sockets are refused, both places and the devices told")
    func conflict() throws {
        let compilation = try compile([intent("a", "tag dig DNS"), intent("b", "tag d* DNS")])
        #expect(compilation.plans.isEmpty)
        #expect(compilation.refused == [IntentName("a"), IntentName("b")])
        let shown = compilation.diagnostics.rendered()
        #expect(
            shown.hasPrefix(
                "1.yaml:4:9: error: flow b/0 (d* udp/53) and flow a/0 (dig udp/53) would both send on the same udp/53 sockets, as client on"
            ), "\(shown)")
        #expect(!shown.contains("as server"))
        #expect(shown.contains("0.yaml:4:9: note: flow a/0 is here"))
    }

    @Test("A third intent that meets neither is not touched by their quarrel")
    func bystander() throws {
        let compilation = try compile([
            intent("a", "tag dig DNS"), intent("b", "tag d* DNS"), intent("c", "tag ntpd NTP"),
        ])
        #expect(Set(compilation.plans.flatMap(\.modules).map(\.intent)) == [IntentName("c")])
    }

    @Test(
        "These pairs meet on a socket",
        arguments: [
            ("tag dig DNS", "tag any DNS"), ("tag curl HTTP", "tag wget HTTP"),
            ("tag dig DNS responses", "tag drill DNS"),
            ("tag dig DNS requests", "tag dig DNS requests"), ("[tag dig DNS, tag dig DNS]", "tag x NTP"),
            ("tag dig DNS", "tag: {transport: udp, port: any, application: dig, server: {application: named}}"),
        ])
    func meet(first: String, second: String) throws {
        let compilation = try compile([
            intent("a", first), intent("b", second.hasPrefix("tag:") ? "{\(second)}" : second),
        ])
        #expect(compilation.diagnostics.hasErrors)
    }

    @Test(
        "These do not: another port, transport, program, device or direction",
        arguments: [
            ("tag dig DNS", "tag dig NTP"), ("tag dig DNS", "tag dig DNS over TCP"),
            ("tag dig DNS", "tag drill DNS"), ("tag dig DNS", "monitor dig DNS"),
            ("tag curl HTTP requests", "tag wget HTTP"), ("tag any DNS requests", "tag any DNS responses"),
            ("tag dig DNS", "tag dig UDP on port 5353"),
        ])
    func pass(first: String, second: String) throws {
        let compilation = try compile([intent("a", first), intent("b", second)])
        #expect(compilation.diagnostics.isEmpty, "\(compilation.diagnostics.rendered())")
        let elsewhere = "name: c\nclients: {role: web}\nservers: {role: web}\nintent: \(first)\n"
        #expect(try compile([intent("a", first), elsewhere]).diagnostics.isEmpty)
    }

    @Test("Priorities order two intents only when both are given and differ")
    func priorities() throws {
        func tag(_ priority: String) -> String {
            "{tag: {application: dig, transport: udp, port: 53\(priority)}}"
        }
        #expect(
            try compile([intent("a", tag(", priority: 200")), intent("b", tag(", priority: 50"))]).diagnostics.isEmpty)
        #expect(try compile([intent("a", tag(", priority: 200")), intent("b", tag(""))]).diagnostics.hasErrors)
        let equal = try compile([intent("a", tag(", priority: 7")), intent("b", tag(", priority: 7"))])
        #expect(equal.diagnostics.rendered().contains("give them different priorities, both have 7"))
    }
}

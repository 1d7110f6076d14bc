import Foundation
import IntentCompiler
import L45Model
import Testing

@Suite("Intents that come after others")
struct CompositionTests {
    private static let head = """
        name: a
        clients: {role: workstation}
        servers: {role: resolver}
        intent: tag dig DNS label one
        """

    private func stage(
        _ items: String, name: String = "b", after: String = "a", clients: String = "{role: workstation}"
    ) -> String {
        "name: \(name)\nafter: \(after)\nclients: \(clients)\nservers: {role: resolver}\nintent: \(items)\n"
    }

    private func refusal(_ texts: [String]) throws -> String {
        let compilation = try compile(texts)
        #expect(compilation.plans.isEmpty)
        return compilation.diagnostics.rendered()
    }

    @Test("A tag, a delay and a label by three authors are one module on each device, with all of it")
    func chain() throws {
        let compilation = try compile([
            Self.head, stage("[monitor dig DNS requests, delay 20ms]"),
            stage("[monitor dig DNS, delay 5ms, label two]", name: "c", after: "b"),
        ])
        #expect(compilation.diagnostics.isEmpty, "\(compilation.diagnostics.rendered())")
        #expect(compilation.plans.allSatisfy { $0.modules.count == 1 })
        let client = try #require(compilation.modules(Fleet.desk).first)
        let server = try #require(compilation.modules(Fleet.dns).first)
        #expect(client.flow == FlowName("a/0") && server.flow == FlowName("a/0"))
        #expect(client.dialect == .datagram(DatagramTag(place: .front, label: "one/two")))
        #expect(client.dialect == server.dialect)
        #expect(client.delayMicroseconds == 25_000 && server.delayMicroseconds == 5_000)
        let flow = try #require(compilation.summaries.first?.flows.first)
        #expect(flow.stages == [FlowName("b/0"), FlowName("c/0")])
    }

    @Test("The order in which the files come does not matter")
    func order() throws {
        let texts = [
            stage("[monitor dig DNS, label two]", name: "z", after: "b"), Self.head,
            stage("[monitor dig DNS, label three]"),
        ]
        let modules = try compile(texts).plans.flatMap(\.modules)
        let reversed = try compile(texts.reversed()).plans.flatMap(\.modules)
        #expect(modules == reversed)
        #expect(modules.allSatisfy { $0.dialect == .datagram(DatagramTag(place: .front, label: "one/three/two")) })
    }

    @Test("What watches more than it follows keeps modules of its own for the rest")
    func wider() throws {
        let compilation = try compile([Self.head, stage("[monitor any DNS requests, delay 20ms]")])
        #expect(compilation.diagnostics.isEmpty, "\(compilation.diagnostics.rendered())")
        let modules = compilation.modules(Fleet.desk).sorted { $0.flow < $1.flow }
        #expect(modules.map(\.flow) == [FlowName("a/0"), FlowName("b/0")])
        #expect(modules.map(\.delayMicroseconds) == [20_000, 20_000])
    }

    @Test("A delay beside a tag is refused unless it says after what it comes: a tap would not keep it")
    func silentDelay() throws {
        let text =
            "name: b\nclients: {role: workstation}\nservers: {role: resolver}\nintent: [monitor dig DNS, delay 1s]\n"
        let shown = try refusal([Self.head, text])
        #expect(shown.hasPrefix("1.yaml:4:10: error: flow b/0 (dig udp/53) and flow a/0 (dig udp/53)"), "\(shown)")
        #expect(shown.contains("the delay of the other is not kept"))
        #expect(shown.contains("say 'after: a' in 'b'"))
        #expect(shown.contains("0.yaml:4:9: note: flow a/0 is here"))
    }

    @Test(
        "What cannot be composed is refused with the reason, and takes the whole chain with it",
        arguments: [
            ("[monitor dig DNS, delay 1s]", "a", "{site: hq}", "it leaves out 'laptop' as client"),
            ("[monitor curl HTTP, delay 1s]", "a", "{role: workstation}", "shares no socket with a tag of it"),
            ("[monitor dig DNS]", "a", "{role: workstation}", "adds nothing to it"),
            ("[monitor dig DNS, delay 1s]", "aa", "{role: workstation}", "did you mean 'a'?"),
            ("[monitor dig DNS, delay 10s]", "a", "{role: workstation}", ""),
            ("[monitor dig DNS, label seventeen-letters]", "a", "{role: workstation}", "with 33 bytes"),
        ])
    func refused(items: String, after: String, clients: String, reason: String) throws {
        let compilation = try compile([Self.head, stage(items, after: after, clients: clients)])
        guard !reason.isEmpty else { return #expect(!compilation.diagnostics.hasErrors) }
        let shown = compilation.diagnostics.rendered()
        #expect(shown.contains(reason), "\(shown)")
        #expect(shown.contains("1.yaml:"))
        #expect(compilation.refused.contains("b"))
        #expect(compilation.refused.contains("a") == (after == "a"))
    }

    @Test("Delays add up to no more than a tap holds back")
    func delays() throws {
        let shown = try refusal([
            Self.head.replacing("tag dig DNS label one", with: "[tag dig DNS, delay 6s]"),
            stage("[monitor dig DNS, delay 5s]"),
        ])
        #expect(shown.contains("add up to 11s, more than 10s"))
    }

    @Test("Circles, two labels without an order, and a second tag are told")
    func orders() throws {
        let circle = try compile([
            stage("[monitor dig DNS, delay 1s]", name: "b", after: "c"),
            stage("[monitor dig DNS, delay 1s]", name: "c", after: "b"),
        ])
        #expect(circle.diagnostics.rendered().contains("in a circle: b after c after b"))
        #expect(circle.refused == ["b", "c"])

        let labels = try refusal([
            Self.head, stage("[monitor dig DNS, label x]"), stage("[monitor dig DNS, label y]", name: "c"),
        ])
        #expect(labels.contains("two intents add a label behind 'a'"))
        #expect(labels.contains("let one of them come after the other"))

        let tag = rendered("name: b\nafter: a\nintent: tag dig DNS at end\n")
        #expect(tag.hasPrefix("dns.yaml:3:9: error: a message carries one tag"), "\(tag)")
        #expect(rendered("name: b\nafter: b\nintent: [monitor dig DNS, delay 1s]\n").contains("after itself"))
        #expect(rendered("name: b\nintent: [monitor dig DNS, label x]\n").contains("no tag that could carry a label"))
    }

    @Test("The long form of a stage reads back as the same stage")
    func longForm() throws {
        let stage = try intent(stage("[monitor dig DNS, delay 5ms, label two]"))
        let again = try intent(explain(stage))
        #expect(again.after == "a")
        #expect(again.tags.first?.addedLabel == "two")
        #expect(again.tags.first?.delay == .milliseconds(5))
        #expect(explain(again) == explain(stage))
    }

    @Test("A label for the whole intent goes to the tags that have none")
    func commonLabel() throws {
        let tags = try intent("name: x\nintent: [tag dig DNS, tag curl HTTP label own, label common]\n").tags
        #expect(
            tags.map(\.dialect) == [
                .datagram(DatagramTag(place: .front, label: "common")),
                .stream(StreamTag(frameBytes: 1000, label: "own")),
            ])
    }
}

extension IntentName: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}

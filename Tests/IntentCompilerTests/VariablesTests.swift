import IntentCompiler
import L45Model
import Testing

@Suite("Variables and defaults")
struct VariablesTests {
    private static let preamble = """
        apiVersion: l45/v1
        variables:
          desk: workstation
          period: 6h
          subject: dig DNS over TCP
        defaults:
          clients: {role: $(desk)}
          servers: {role: resolver}
          intent:
            - rotate dialect every $(period) with jitter 30m in waves 1, rest
            - delay 5ms
            - drop untagged

        """

    @Test("A variable is filled in wherever a value stands, and a default where an intent is silent")
    func filled() throws {
        let all = try intents(
            Self.preamble + """
                ---
                name: one
                intent: tag $(subject)
                ---
                name: two-$(desk)
                clients: {site: $(desk), rack: "$(desk)-1"}
                intent:
                  - tag dig DNS label "$(desk)"
                  - {rotate: {every: 1d}}
                  - delay 0s
                ---
                name: three
                servers: "*"
                intent: monitor dig DNS
                """)
        #expect(all.map(\.name) == ["one", "two-workstation", "three"])
        #expect(
            all.map(\.clients.description) == [
                "role=workstation", "site=workstation,rack=workstation-1", "role=workstation",
            ])
        #expect(all.map(\.servers.description) == ["role=resolver", "role=resolver", "*"])
        #expect(all[0].tags.first?.port == 53 && all[0].tags.first?.transport == .tcp)
        #expect(all[0].rotation == Rotation(every: .seconds(21_600), jitter: .seconds(1800)))
        #expect(all[0].rollout?.waves == [.count(1), .rest] && all[1].rollout?.waves == [.count(1), .rest])
        #expect(all[0].tags.first?.delay == .milliseconds(5) && all[0].tags.first?.dropUntagged == true)
        // What it says itself counts, each by itself.
        #expect(all[1].rotation == Rotation(every: .seconds(86_400)) && all[1].tags.first?.delay == .zero)
        // A monitor has no dialect to which they could be done.
        #expect(all[2].rotation == nil && all[2].tags.first?.delay == .zero)
    }

    @Test("What a file says of its tags, each takes that does not say otherwise, as far as it suits its transport")
    func tags() throws {
        let all = try intents(
            """
            defaults:
              clients: {role: a}
              servers: {role: b}
              tag:
                dialect: {bytes: 24, every: 1448, at: end, coding: masked, label: file}
                attach: new
                priority: 200
                direction: request
                windows: {security: 1m}
            ---
            name: one
            intent: [tag dig DNS, tag curl HTTP every 4000 bytes, monitor ping DNS]
            ---
            name: two
            intent:
              - tag: {application: dig, transport: udp, port: 53, attach: all, priority: 7, dialect: {at: front, bytes: 40}}
              - label own
            """)
        let one = all[0].tags
        #expect(
            one[0].dialect == .datagram(DatagramTag(place: .end, tagBytes: 24, label: "file", coding: .masked)))
        #expect(one[1].dialect == .stream(StreamTag(frameBytes: 4000, tagBytes: 24, label: "file")))
        for tag in one.prefix(2) {
            #expect(tag.attach == .new && tag.priority == 200 && tag.priorityIsGiven)
            #expect(tag.directions.request && !tag.directions.response)
            #expect(tag.securityWindow == .seconds(60) && tag.stateWindow == TagIntent.Defaults.stateWindow)
        }
        #expect(one[2].isMonitor && one[2].attach == .all && one[2].priority == TagIntent.Defaults.priority)
        let two = all[1].tags[0]
        #expect(two.dialect == .datagram(DatagramTag(place: .front, tagBytes: 40, label: "own", coding: .masked)))
        #expect(two.attach == .all && two.priority == 7 && two.securityWindow == .seconds(60))
        // The document stands by itself, so that it can be stored and read alone.
        let again = try intents(all[0].document)
        #expect(again.first.map { explain($0) } == explain(all[0]))
        #expect(again.first?.tags.first?.securityWindow == .seconds(60))
        #expect(
            rendered("defaults: {tag: {port: 53}}\n---\nname: x\nintent: tag dig DNS\n")
                .contains("'tag' has no key 'port'"))
        #expect(
            rendered("defaults: {tag: {dialect: {bytes: 11}}}\n---\nname: x\nintent: tag dig DNS\n")
                .hasPrefix("dns.yaml:1:35: error: the bytes of a tag"))
    }

    @Test("The document of such an intent stands by itself; that of another stays as it was written")
    func documents() throws {
        let own = "# mine\nname: own\nclients: {role: a}\nservers: {role: b}\nintent: monitor dig DNS\n"
        let all = try intents("variables: {x: y}\n---\nname: with-$(x)\nintent: tag dig DNS\n---\n\(own)")
        #expect(all[1].document == own)
        let again = try intents(all[0].document)
        #expect(again.map(\.name) == ["with-y"])
        #expect(again.first.map { explain($0) } == explain(all[0]))
        // A change that does not reach it is none.
        let other = try intents("variables: {x: y, z: z}\n---\nname: with-$(x)\nintent: tag $(z) DNS\n---\n\(own)")
        #expect(other[1].document == own && other[0].document != all[0].document)
    }

    @Test(
        "What is wrong is told where it stands, with what the variable is",
        arguments: [
            (
                "variables: {period: 5x}\n---\nname: x\nintent: [tag dig DNS, rotate dialect every $(period)]\n",
                """
                dns.yaml:4:23: error: a rotation's period '5x' is no length of time
                   4 | intent: [tag dig DNS, rotate dialect every $(period)]
                     |                       ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~ write a number and its unit: 250ms, 90s, 5m, 6h or 1d
                dns.yaml:1:13: note: $(period) is '5x' here
                   1 | variables: {period: 5x}
                     |             ^~~~~~
                """
            ),
            (
                "variables: {desk: a}\n---\nname: x\nclients: {role: $(dsk), site: $(desk)}\nintent: tag dig DNS\n",
                """
                dns.yaml:4:17: error: there is no variable 'dsk'
                   4 | clients: {role: $(dsk), site: $(desk)}
                     |                 ^~~~~~ did you mean 'desk'?
                """
            ),
            (
                "name: x\nintent:\n  - delay $(d)\n  - tag dig DNS\n",
                """
                dns.yaml:3:5: error: there is no variable 'd'
                   3 |   - delay $(d)
                     |     ^~~~~~~~~~ define it in the first document of the file: 'variables: {d: ...}'
                """
            ),
            (
                "variables: {a: $(b), b: c}\n---\nname: x\nintent: tag $(a) DNS\n",
                """
                dns.yaml:1:16: error: a variable's value is taken as it stands, and can not hold another variable
                   1 | variables: {a: $(b), b: c}
                     |                ^~~~ write the value out
                """
            ),
            (
                "name: x\nintent: tag dig DNS\n---\nvariables: {a: b}\n",
                """
                dns.yaml:4:1: error: variables and defaults are the first document of their file
                   4 | variables: {a: b}
                     | ^ move this document to the top
                """
            ),
            (
                "name: x\nvariables: {a: b}\nintent: tag dig DNS\n",
                """
                dns.yaml:2:1: error: 'variables' is not a key of an intent
                   2 | variables: {a: b}
                     | ^~~~~~~~~ put it into a document of its own, the first of the file, and '---' below it
                """
            ),
            (
                "defaults: {intent: tag dig DNS}\n---\nname: x\nintent: tag dig DNS\n",
                """
                dns.yaml:1:20: error: a default says how something is done, and this says what
                   1 | defaults: {intent: tag dig DNS}
                     |                    ^~~~~~~~~~~ defaults are rotate, rollout, drop untagged, delay or label; put this into an intent
                """
            ),
            (
                "variables: {a: b}\n---\nname: x\nintent: tag dig DNS\n",
                """
                dns.yaml:1:13: warning: nothing in this file uses the variable 'a'
                   1 | variables: {a: b}
                     |             ^ write '$(a)' where it is meant, or take it away
                """
            ),
        ])
    func mistakes(text: String, shown: String) {
        #expect(rendered(text) == shown)
    }

    @Test("A '$(' that stands for itself is written with two signs, and explain writes it so")
    func escaped() throws {
        let tag = try tag("tag dig DNS with 40 bytes label \"a$$(b)$$$(c$d\"")
        #expect(tag.dialect == .datagram(DatagramTag(place: .front, tagBytes: 40, label: "a$(b)$$(c$d")))
        let one = try intent(phrase("tag dig DNS with 40 bytes label \"a$$(b)$$$(c$d\""))
        #expect(explain(try intent(explain(one))) == explain(one))
    }

    @Test("What variables come to is bounded")
    func bounded() {
        let value = String(repeating: "v", count: 1000)
        let uses = (0..<200).map { "  - label $(v)$(v)$(v)\($0)" }.joined(separator: "\n")
        let text = "variables: {v: \(value)}\n---\nname: x\nintent:\n\(uses)\n"
        #expect(rendered(text).contains("the variables of this document come to more than 65536 bytes"))
        let many = (0..<200).map { "v\($0): x" }.joined(separator: ", ")
        #expect(rendered("variables: {\(many)}\n").contains("a file has at most 100 variables, this one 200"))
        #expect(rendered("variables: {v: \(value)\(value)}\n").contains("at most 1024 bytes, this one 2000"))
    }
}

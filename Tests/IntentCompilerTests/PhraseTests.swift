import IntentCompiler
import L45Model
import Testing

@Suite("Phrases")
struct PhraseTests {
    @Test("'tag dig DNS' means a 32-byte tag at the front of udp/53, both ways")
    func tagDigDNS() throws {
        let tag = try tag("tag dig DNS")
        #expect(tag.application == Application(process: "dig"))
        #expect(tag.transport == .udp)
        #expect(tag.port == 53)
        #expect(tag.dialect == .datagram(DatagramTag(place: .front, tagBytes: 32)))
        #expect(tag.directions == .both)
        #expect(tag.attach == .all)
        #expect(tag.priority == 100)
        #expect(!tag.priorityIsGiven)
        #expect(tag.place.column == 5)
    }

    @Test(
        "Protocols stand for a transport and a port",
        arguments: [
            ("DNS", Transport.udp, 53), ("dns over tcp", .tcp, 53), ("DNS over TLS", .tcp, 853), ("HTTP", .tcp, 80),
            ("https", .tcp, 443), ("TLS", .tcp, 443), ("NTP", .udp, 123), ("UDP on port 5353", .udp, 5353),
            ("TCP on port 8080", .tcp, 8080), ("HTTP on port 8000", .tcp, 8000),
        ] as [(String, Transport, UInt16)])
    func protocols(words: String, transport: Transport, port: UInt16) throws {
        let tag = try tag("tag any \(words)")
        #expect(tag.transport == transport)
        #expect(tag.port == port)
        #expect(tag.application == .any)
    }

    @Test("Clauses come in any order and any letter case; a program's name keeps its own")
    func clauses() throws {
        let tag = try tag("TAG Dig dns Label 'dns app' WITH 40 bytes AT offset 12 Requests")
        #expect(tag.application.process == "Dig")
        #expect(tag.dialect == .datagram(DatagramTag(place: .offset(12), tagBytes: 40, label: "dns app")))
        #expect(tag.directions == ModulePlan.Directions(request: true, response: false))
    }

    @Test("A stream gets a tag before every 1000 bytes unless the phrase says otherwise")
    func streams() throws {
        #expect(try tag("tag curl HTTP").dialect == .stream(StreamTag(frameBytes: 1000, tagBytes: 32)))
        #expect(
            try tag("tag curl HTTP every 65536 bytes with 12 bytes responses").dialect
                == .stream(StreamTag(frameBytes: 65536, tagBytes: 12)))
    }

    @Test("Rotation, drop, delay and monitor belong to the whole intent")
    func wholeIntent() throws {
        let intent = try intent(
            """
            name: x
            intent:
              - tag dig DNS requests
              - monitor curl HTTP
              - rotate dialect every 6h with jitter 5m
              - drop untagged
              - delay 100ms
            """)
        #expect(intent.rotation == Rotation(every: .seconds(6 * 3600), jitter: .seconds(300)))
        #expect(intent.tags.map(\.dropUntagged) == [true, false])
        #expect(intent.tags.map(\.delay) == [.milliseconds(100), .milliseconds(100)])
        #expect(intent.tags.map(\.isMonitor) == [false, true])
    }

    @Test("One phrase needs no list")
    func single() throws {
        #expect(try intent("name: x\nintent: tag dig DNS\n").tags.count == 1)
    }

    @Test(
        "A phrase that is not understood is told with its place and the nearest word",
        arguments: [
            (
                "tga dig DNS",
                """
                dns.yaml:3:5: error: unknown phrase 'tga dig DNS'
                   3 |   - tga dig DNS
                     |     ^~~ did you mean 'tag'?
                """
            ),
            (
                "tag dig DSN",
                """
                dns.yaml:3:13: error: unknown protocol 'DSN'
                   3 |   - tag dig DSN
                     |             ^~~ did you mean 'DNS'?
                """
            ),
            (
                "rotate dialects every 6h",
                """
                dns.yaml:3:12: error: expected 'dialect', found 'dialects'
                   3 |   - rotate dialects every 6h
                     |            ^~~~~~~~ did you mean 'dialect'?
                """
            ),
            (
                "rotate dialect every 6",
                """
                dns.yaml:3:26: error: a rotation's period '6' has no unit
                   3 |   - rotate dialect every 6
                     |                          ^ write a number and its unit: 250ms, 90s, 5m, 6h or 1d
                """
            ),
            (
                "rotate dialect every",
                """
                dns.yaml:3:20: error: 'rotate dialect every' ends before its length of time
                   3 |   - rotate dialect every
                     |                    ^~~~~ the phrase is: rotate dialect every DURATION [with jitter JITTER] \
                [in waves 1, 10%, rest] [soak SOAK] [halt at 3 undecoded, 5 dropped] [deadline DEADLINE] \
                [max 10% unavailable]
                """
            ),
            (
                "tag dig DNS at the front",
                """
                dns.yaml:3:20: error: expected 'front', 'end' or 'offset', found 'the'
                   3 |   - tag dig DNS at the front
                     |                    ^~~
                """
            ),
            (
                "tag dig DNS at front at end",
                """
                dns.yaml:3:26: error: 'at end' contradicts 'at front'
                   3 |   - tag dig DNS at front at end
                     |                          ^~ keep one of them
                """
            ),
            (
                "tag dig DNS at offset 1401",
                """
                dns.yaml:3:27: error: an offset in bytes is a whole number from 0 to 1400, not 1401
                   3 |   - tag dig DNS at offset 1401
                     |                           ^~~~
                """
            ),
            (
                "tag dig DNS with 11 bytes",
                """
                dns.yaml:3:22: error: the bytes of a tag is a whole number from 12 to 64, not 11
                   3 |   - tag dig DNS with 11 bytes
                     |                      ^~
                """
            ),
            (
                "tag dig UDP",
                """
                dns.yaml:3:13: error: UDP alone does not say which port
                   3 |   - tag dig UDP
                     |             ^~~ add 'on port N', the port that the server listens on
                """
            ),
            (
                "tag dig UDP on port 70000",
                """
                dns.yaml:3:25: error: a port is a whole number from 1 to 65535, not 70000
                   3 |   - tag dig UDP on port 70000
                     |                         ^~~~~
                """
            ),
            (
                "tag systemd-resolved DNS",
                """
                dns.yaml:3:9: error: a program is named as the kernel shows it in /proc/PID/comm, which keeps 15 bytes; \
                'systemd-resolved' has 16
                   3 |   - tag systemd-resolved DNS
                     |         ^~~~~~~~~~~~~~~~ did you mean 'systemd-resolve'?
                """
            ),
            (
                "tag /usr/bin/dig DNS",
                """
                dns.yaml:3:9: error: a program is named as the kernel shows it in /proc/PID/comm: a name, not the path \
                '/usr/bin/dig'
                   3 |   - tag /usr/bin/dig DNS
                     |         ^~~~~~~~~~~~ did you mean 'dig'?
                """
            ),
            (
                "tag dig DNS every 100 bytes",
                """
                dns.yaml:3:23: error: 'every' is for streams (tcp): each udp message gets a tag of its own
                   3 |   - tag dig DNS every 100 bytes
                     |                       ^~~ say where in the message: front, end or an offset
                """
            ),
            (
                "tag curl HTTP at end",
                """
                dns.yaml:3:19: error: 'at' is for messages (udp): a tcp stream has no front and no end to count from
                   3 |   - tag curl HTTP at end
                     |                   ^~ say how many bytes from one tag to the next: 'every 1000'
                """
            ),
            (
                "tag dig DNS label a-label-of-21-bytes-xx",
                """
                dns.yaml:3:23: error: label 'a-label-of-21-bytes-xx' needs 22 bytes, a tag of 32 leaves 20
                   3 |   - tag dig DNS label a-label-of-21-bytes-xx
                     |                       ^~~~~~~~~~~~~~~~~~~~~~ shorten it, or make the tag 34 bytes
                """
            ),
            (
                "threat level CPCON7",
                """
                dns.yaml:3:18: error: there is no level 'CPCON7'
                   3 |   - threat level CPCON7
                     |                  ^~~~~~ did you mean 'CPCON5'?
                """
            ),
            (
                "delay 20s",
                """
                dns.yaml:3:11: error: a delay is 0s to 10s, not 20s
                   3 |   - delay 20s
                     |           ^~~
                """
            ),
            (
                "drop untaged",
                """
                dns.yaml:3:10: error: expected 'untagged', found 'untaged'
                   3 |   - drop untaged
                     |          ^~~~~~~ did you mean 'untagged'?
                """
            ),
            (
                "tag dig DNS reqests",
                """
                dns.yaml:3:17: error: 'reqests' does not belong in this phrase
                   3 |   - tag dig DNS reqests
                     |                 ^~~~~~~ did you mean 'requests'?
                """
            ),
            (
                "dig DNS tag",
                """
                dns.yaml:3:5: error: unknown phrase 'dig DNS tag'
                   3 |   - dig DNS tag
                     |     ^~~ did you mean 'tag PROGRAM PROTOCOL'? the phrase begins with 'tag'
                """
            ),
            (
                "frobnicate the network",
                """
                dns.yaml:3:5: error: unknown phrase 'frobnicate the network'
                   3 |   - frobnicate the network
                     |     ^~~~~~~~~~ the phrases are: tag PROGRAM PROTOCOL; monitor PROGRAM PROTOCOL; rotate dialect every \
                DURATION; rotate dialect at 'MINUTE HOUR DAY MONTH WEEKDAY'; roll out; drop untagged; drop unless tagged; \
                delay DURATION; label TEXT; guard paths; threat level LEVEL; use INTENT, ...; levels LOWEST, ..., HIGHEST
                """
            ),
            (
                "rotate dialect every 1h with jitter 2h",
                """
                dns.yaml:3:41: error: a jitter of 2h is not less than the period of 1h
                   3 |   - rotate dialect every 1h with jitter 2h
                     |                                         ^~ a tenth of the period is usual
                """
            ),
        ])
    func mistakes(written: String, shown: String) {
        #expect(rendered(phrase(written)) == shown)
    }

    @Test("A caret finds its word in quotes, in a flow list and on a second line")
    func carets() {
        #expect(rendered("name: x\nintent: ['tag dig DSN']\n").hasPrefix("dns.yaml:2:19: "))
        #expect(rendered("name: x\nintent: [tag ntp NTP, \"tag dig DSN\"]\n").hasPrefix("dns.yaml:2:32: "))
        #expect(rendered("name: x\nintent:\n  - tag dig\n      DSN\n").hasPrefix("dns.yaml:4:7: "))
        #expect(rendered("name: x\nintent:\n  - >\n    tag dig\n    DSN\n").hasPrefix("dns.yaml:5:5: "))
        #expect(rendered("{name: x, intent: [tag dig DSN]}\n").hasPrefix("dns.yaml:1:28: "))
        // Written with an escape, so the words are not in the source as they are: the scalar's own place.
        #expect(rendered("name: x\nintent: [\"tag dig\\x20DSN\"]\n").hasPrefix("dns.yaml:2:10: "))
    }

    @Test("Modifiers that have nothing to modify are refused")
    func nothingToModify() {
        #expect(rendered(phrase("rotate dialect every 6h")).contains("3:5: error: this intent has nothing to do it to"))
        #expect(
            rendered("name: x\nintent:\n  - monitor dig DNS\n  - drop untagged\n")
                .contains("4:5: error: this intent only monitors: it has no dialect"))
        #expect(
            rendered("name: x\nintent:\n  - tag dig DNS\n  - delay 1s\n  - delay 2s\n")
                .contains("5:5: error: 'delay' stands in this intent twice"))
    }

    @Test("An offset that DNS messages never reach is a warning, not an error")
    func farOffset() throws {
        let result = IntentParser.parse(IntentSource(origin: "-", text: phrase("tag dig DNS at offset 1300")))
        #expect(result.intents.count == 1)
        #expect(result.diagnostics.map(\.severity) == [.warning])
        #expect(result.diagnostics.first?.message.contains("1232 bytes") == true)
    }
}

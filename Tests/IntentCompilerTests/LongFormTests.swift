import IntentCompiler
import L45Model
import Testing

@Suite("The long form")
struct LongFormTests {
    static let everything = """
        name: everything
        clients: "role=workstation|kiosk,site!=lab,rack,!spare"
        servers: {role: [resolver, dns], site: "*"}
        intent:
          - tag:
              application: {process: dig, thread: "isc-net-*"}
              transport: udp
              port: 53
              server: {addresses: [10.0.0.0/8, "2001:db8::/32"], application: dnsmasq}
              client: {addresses: 192.0.2.7}
              direction: request
              dialect: {at: {offset: 12}, bytes: 40, label: "dns \\"app\\" é"}
              attach: new
              priority: 200
              drop untagged: true
              delay: 250ms
              windows: {state: 10s, security: 1m}
              test: true
              artifact: {sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef, bytes: 600000}
          - tag: {application: any, transport: tcp, port: 80, dialect: {every: 1448, bytes: 12}}
          - monitor: {application: "ntp*", transport: udp, port: any, server: {application: {process: ntpd}}}
          - rotate: {every: 6h, jitter: 5m}
        """

    @Test("Every field of the long form arrives")
    func fields() throws {
        let intent = try intent(Self.everything)
        let tag = try #require(intent.tags.first)
        #expect(tag.application == Application(process: "dig", thread: "isc-net-*"))
        #expect(tag.server.addresses.map(\.description) == ["10.0.0.0/8", "2001:db8::/32"])
        #expect(tag.server.application == Application(process: "dnsmasq"))
        #expect(tag.client.addresses.map(\.description) == ["192.0.2.7"])
        #expect(tag.directions == ModulePlan.Directions(request: true, response: false))
        #expect(tag.dialect == .datagram(DatagramTag(place: .offset(12), tagBytes: 40, label: "dns \"app\" é")))
        #expect(tag.attach == .new)
        #expect(tag.priority == 200 && tag.priorityIsGiven)
        #expect(tag.dropUntagged)
        #expect(tag.delay == .milliseconds(250))
        #expect(tag.stateWindow == .seconds(10) && tag.securityWindow == .seconds(60))
        #expect(tag.test)
        #expect(tag.artifact?.bytes == 600_000)
        #expect(intent.tags[1].dialect == .stream(StreamTag(frameBytes: 1448, tagBytes: 12)))
        #expect(intent.tags[2].isMonitor && intent.tags[2].port == nil)
        #expect(intent.rotation == Rotation(every: .seconds(21_600), jitter: .seconds(300)))
    }

    @Test("Explain prints a phrase's long form, defaults and cost included")
    func explained() throws {
        let text = """
            name: dig-dns
            clients: {role: workstation}
            servers: {role: resolver}
            intent:
              - tag dig DNS
              - rotate dialect every 6h
            """
        #expect(
            explain(try intent(text)) == """
                apiVersion: l45/v1
                name: dig-dns
                clients: "role=workstation"
                servers: "role=resolver"
                intent:
                  # flow dig-dns/0: +32 bytes a datagram; unfragmented on a 1500-byte link up to 1440 bytes over IPv4, 1420 over IPv6
                  - tag:
                      application: {process: dig}
                      transport: udp
                      port: 53
                      direction: both
                      dialect: {at: front, bytes: 32}
                      attach: all
                      # priority: 100
                      drop untagged: false
                      delay: 0s
                      windows: {state: 30s, security: 5m}
                      test: false
                  - rotate: {every: 6h, jitter: 0s}

                """)
    }

    @Test("What explain prints reads back as the same intent")
    func roundTrip() throws {
        for text in [
            Self.everything, phrase("monitor curl HTTP"), phrase("tag any TCP on port 9 every 16 bytes label yes"),
        ] {
            let first = try intent(text)
            let second = try intent(explain(first))
            #expect(explain(second) == explain(first))
            #expect(second.clients == first.clients && second.servers == first.servers)
            var moved = second.tags
            for index in moved.indices { moved[index].place = first.tags[index].place }
            #expect(moved == first.tags)
        }
    }

    @Test("Selectors match as those of Kubernetes do")
    func selectors() throws {
        let intent = try intent(Self.everything)
        #expect(intent.clients.matches(["role": "kiosk", "rack": "7"]))
        #expect(!intent.clients.matches(["role": "kiosk", "rack": "7", "site": "lab"]))
        #expect(!intent.clients.matches(["role": "kiosk", "rack": "7", "spare": "yes"]))
        #expect(!intent.clients.matches(["role": "kiosk"]))
        #expect(!intent.servers.matches(["role": "dns"]))
        #expect(intent.servers.matches(["role": "dns", "site": "x"]))
        #expect(LabelSelector.everyDevice.matches([:]))
        #expect(try LabelSelector(parsing: "*") == .everyDevice)
        #expect(try LabelSelector(parsing: intent.clients.description) == intent.clients)
        #expect(throws: Complaint.self) { try LabelSelector(parsing: "role=") }
        #expect(throws: Complaint.self) { try LabelSelector(parsing: "ro le=x") }
    }

    @Test("A flow of any port and any server program is refused: it would match every socket")
    func anyPort() {
        let text = "name: x\nintent:\n  - tag: {application: dig, transport: udp, port: any}\n"
        #expect(rendered(text).contains("3:51: error: with any port and any server program, every udp socket matches"))
    }
}

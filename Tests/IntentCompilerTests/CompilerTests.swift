import Foundation
import IntentCompiler
import L45Model
import Testing

@Suite("Per-device plans")
struct CompilerTests {
    static let digDNS = """
        name: dig-dns
        clients: {role: workstation}
        servers: {role: resolver}
        intent:
          - tag dig DNS
          - rotate dialect every 6h
        """

    @Test(
        "Clients get the servers' addresses as remotes, servers get the port: each as its own outgoing messages see it")
    func tapSockets() throws {
        let compilation = try compile(Self.digDNS)
        #expect(compilation.diagnostics.isEmpty)
        #expect(compilation.plans.map(\.device) == [Fleet.desk, Fleet.laptop, Fleet.dns].map(\.id).sorted())
        let client = try #require(compilation.modules(Fleet.desk).first)
        #expect(client.role == .client)
        #expect(client.flow == FlowName("dig-dns/0"))
        #expect(
            client.tapSocket
                == TapSocket(
                    transport: .udp, application: Application(process: "dig"),
                    remotes: [
                        EndpointPattern(block: AddressBlock("10.0.0.53"), port: 53),
                        EndpointPattern(block: AddressBlock("2001:db8::53"), port: 53),
                    ]))
        let server = try #require(compilation.modules(Fleet.dns).first)
        #expect(server.role == .server)
        #expect(server.tapSocket == TapSocket(transport: .udp, local: EndpointPattern(port: 53)))
        #expect(server.sends && server.receives)
    }

    @Test("Both ends share the dialect's secret; no module shares its id or its key with another")
    func keys() throws {
        let first = try compile(Self.digDNS).plans.flatMap(\.modules)
        let second = try compile(Self.digDNS, epoch: Epoch(2)).plans.flatMap(\.modules)
        #expect(Set(first.map(\.dialectSecret)).count == 1)
        #expect(Set((first + second).map(\.dialectSecret)).count == 2)
        #expect(Set((first + second).map(\.id)).count == 6)
        #expect(Set((first + second).map(\.initKey)).count == 6)
        #expect((first + second).allSatisfy { $0.initKey.bytes.count == 32 && $0.dialectSecret.bytes.count == 32 })
    }

    @Test("A module's id and keys never change from one version of l45 to the next")
    func goldenIdentity() throws {
        let module = try #require(try compile(Self.digDNS).modules(Fleet.desk).first)
        // By hand: SHA-256 and HKDF-SHA-256 (RFC 5869) over the length-prefixed parts, with Python's hashlib and hmac.
        #expect(module.id.description == "b965b4bc6d605ea7")
        #expect(
            Hex.string(module.dialectSecret.bytes) == "8b935d833d3de1a1121ac77dd5e8de45e69556d721128513fbc51a82c81e2b06"
        )
        #expect(Hex.string(module.initKey.bytes) == "1795c3a56a2c6b87d1d3d296aa2c2ceb11530f6a92f276837ba9b3aea70cab55")
    }

    @Test("The same inputs give the same bytes, in whatever order they come")
    func deterministic() throws {
        let texts = [
            Self.digDNS, "name: a\nservers: {role: web}\nintent: tag curl HTTP\n",
            "name: b\nclients: {role: workstation}\nservers: {role: resolver}\nintent: [tag ntpd NTP, tag x UDP on port 9]\n",
        ]
        let expected = try CanonicalJSON.encode(try compile(texts).plans)
        for seed in 1..<20 {
            let rotatedTexts = Array(texts[(seed % 3)...] + texts[..<(seed % 3)])
            let devices = Array(Fleet.all[(seed % 4)...] + Fleet.all[..<(seed % 4)])
            let again = try compile(rotatedTexts, seed.isMultiple(of: 2) ? devices : devices.reversed())
            #expect(try CanonicalJSON.encode(again.plans) == expected)
        }
    }

    @Test("A device that matches both selectors plays both roles")
    func bothRoles() throws {
        let compilation = try compile("name: x\nintent: tag dig DNS\n")
        for device in Fleet.all {
            #expect(Set(compilation.modules(device).map(\.role)) == [.client, .server])
        }
    }

    @Test("Addresses that are given replace those of the devices, at both ends")
    func givenAddresses() throws {
        let text = """
            name: x
            clients: {role: workstation}
            servers: {role: resolver}
            intent:
              - tag:
                  application: dig
                  transport: udp
                  port: 53
                  server: {addresses: [10.0.0.53/32], application: dnsmasq}
                  client: {addresses: [10.0.0.0/28]}
            """
        let compilation = try compile(text)
        #expect(compilation.diagnostics.isEmpty, "\(compilation.diagnostics.rendered())")
        #expect(compilation.modules(Fleet.desk).first?.tapSocket.remotes.map(\.block) == [AddressBlock("10.0.0.53")])
        let server = try #require(compilation.modules(Fleet.dns).first)
        #expect(server.tapSocket.application == Application(process: "dnsmasq"))
        #expect(server.tapSocket.remotes == [EndpointPattern(block: AddressBlock("10.0.0.0/28"))])
    }

    @Test("Drop and delay go only to the end that receives or sends the dialect")
    func ends() throws {
        let text = """
            name: x
            clients: {role: workstation}
            servers: {role: resolver}
            intent: [tag dig DNS requests, drop untagged, delay 100ms]
            """
        let compilation = try compile(text)
        let client = try #require(compilation.modules(Fleet.desk).first)
        let server = try #require(compilation.modules(Fleet.dns).first)
        #expect(!client.dropUnlessTagged && server.dropUnlessTagged)
        #expect(client.delayMicroseconds == 100_000 && server.delayMicroseconds == 0)
    }

    @Test("A monitor watches the named side alone, and any peer")
    func monitors() throws {
        let client = try compile("name: x\nclients: {role: workstation}\nintent: monitor curl HTTP\n")
        #expect(client.plans.count == 2)
        #expect(client.modules(Fleet.desk).first?.tapSocket.remotes == [EndpointPattern(port: 80)])
        let server = try compile("name: x\nservers: {role: web}\nintent: monitor any HTTP\n")
        #expect(server.plans.map(\.device) == [Fleet.web.id])
        #expect(server.modules(Fleet.web).first?.tapSocket.local == EndpointPattern(port: 80))
    }

    @Test("The summary names the flows, their cost and who is in scope")
    func summary() throws {
        let summary = try #require(try compile(Self.digDNS).summaries.first)
        #expect(summary.clients == "role=workstation" && summary.servers == "role=resolver")
        #expect(summary.rotation?.every == .seconds(21_600))
        let flow = try #require(summary.flows.first)
        #expect(flow.subject == "dig udp/53")
        #expect(flow.clients == [Fleet.desk, Fleet.laptop].map(\.id).sorted())
        #expect(flow.servers == [Fleet.dns.id])
        #expect(!summary.isRefused)
    }

    @Test("1,000 intents on 250 devices are compiled in one go")
    func many() throws {
        let devices = (0..<250).map {
            Fleet.device(
                "d\($0)", ["cell": "c\($0 / 5)", "role": $0 % 5 == 0 ? "server" : "client"],
                ["10.1.\($0 / 250).\($0 % 250 + 1)"])
        }
        let text = (0..<1000).map { number in
            """
            name: i\(number)
            clients: {cell: c\(number % 50), role: client}
            servers: {cell: c\(number % 50), role: server}
            intent: tag p\(number) UDP on port \(1000 + number % 20) requests

            """
        }.joined(separator: "---\n")
        let compilation = try compile(text, devices)
        #expect(compilation.diagnostics.isEmpty)
        #expect(compilation.plans.reduce(0) { $0 + $1.modules.count } == 5000)
    }
}

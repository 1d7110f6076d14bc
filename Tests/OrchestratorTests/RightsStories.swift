import ControlChannel
import Foundation
import Inventory
import L45Model
import Logging
import NIOCore
import Orchestrator
import Testing

/// Two sites, and operators on other machines who come over real TLS.
@Suite("Operators' rights")
struct RightsStories {
    private static let paris = LabelScope(["site": "paris"])
    private static let tagParis = """
        name: dns-paris
        clients: {role: workstation, site: paris}
        servers: {role: resolver, site: paris}
        intent:
          - tag dig DNS
        """

    private static let tagEverywhere = """
        name: web
        clients: {role: workstation}
        servers: {role: resolver}
        intent:
          - tag curl HTTP every 1000 bytes
        """

    private func withTwoSites(_ story: (TestFleet) async throws -> Void) async throws {
        let fleet = try await TestFleet(operatorsAfar: true)
        do {
            for (site, at) in [("paris", 10), ("london", 20)] {
                try await fleet.add("laptop-\(site)", role: "workstation", address: "192.0.2.\(at)")
                try await fleet.add("dns-\(site)", role: "resolver", address: "192.0.2.\(at + 1)")
                for name in ["laptop-\(site)", "dns-\(site)"] {
                    let labelled = await fleet.orchestrator.answer(
                        .setLabels(LabelRequest(device: name, set: ["site": site])))
                    guard case .device = labelled else { throw Unexpected("\(labelled)") }
                }
            }
            try await story(fleet)
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }

    /// What an administrator does at the socket.
    private func add(
        _ name: String, _ role: OperatorRole, _ scope: LabelScope = .everything, ttl: Span = .seconds(600),
        to fleet: TestFleet
    ) async throws -> OperatorClient {
        let answer = await fleet.orchestrator.answer(
            .addOperator(OperatorRequest(name: name, role: role, scope: scope, ttl: ttl)), by: root)
        guard case .operatorGranted(let granted) = answer, let token = granted.token else {
            throw Unexpected("\(answer)")
        }
        return try await client(.token(try OperatorToken(token)), of: fleet)
    }

    private var root: Caller { Caller(name: "uid 0", means: .socket, from: "pid 1 on api.sock", role: .administer) }

    private func client(_ credential: OperatorCredential, of fleet: TestFleet) async throws -> OperatorClient {
        let address = try #require(await fleet.orchestrator.operatorsListen)
        let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
        return OperatorClient(.remote(host: "127.0.0.1", port: port, credential: credential))
    }

    private func apply(_ yaml: String, as client: OperatorClient) async throws -> APIResponse {
        try await client.call(.apply(ApplyRequest(sources: [APISource(origin: "intents.yaml", text: yaml)])))
    }

    private func refusal(_ response: APIResponse) throws -> APIFailure {
        guard case .failure(let failure) = response else { throw Unexpected("not refused: \(response)") }
        return failure
    }

    private func trail(_ fleet: TestFleet) throws -> [AuditEntry] {
        try fleet.orchestrator.inventory.auditTrail(AuditQuery()).map(\.entry)
    }

    @Test("Who may look may look and may not touch; his attempts are in the trail")
    func view() async throws {
        try await withTwoSites { fleet in
            let vera = try await add("vera", .view, to: fleet)
            guard case .devices(let devices) = try await vera.call(.get(ResourceQuery(.devices))) else {
                throw Unexpected("no devices")
            }
            #expect(devices.count == 4)
            for request in [
                APIRequest.apply(ApplyRequest(sources: [APISource(origin: "-", text: Self.tagParis)])),
                .delete(DeleteRequest(intents: ["dns"])), .createToken(TokenRequest(ttl: .seconds(60))),
                .setLabels(LabelRequest(device: "dns-paris", set: ["site": "x"])),
                .forgetDevice(DeviceRequest(device: "dns-paris")), .setLevel(LevelRequest(level: nil, by: "vera")),
                .addOperator(OperatorRequest(name: "vera", role: .administer)), .audit(AuditQuery()),
                .removeOperator(OperatorName("vera")), .rollout(RolloutRequest(.pause, "dns")),
            ] {
                let failure = try refusal(try await vera.call(request))
                #expect(failure.code == .notPermitted)
                #expect(failure.message.hasPrefix("'vera' has the role view, and"))
            }
            let dry = try await vera.call(
                .apply(ApplyRequest(sources: [APISource(origin: "-", text: Self.tagParis)], dryRun: true)))
            guard case .applied(let result) = dry else { throw Unexpected("\(dry)") }
            #expect(result.devices.count == 2)
            let hers = try trail(fleet).filter { $0.who == "vera" }
            #expect(hers.count == 10)
            #expect(hers.allSatisfy { $0.result == .refused && $0.means == .token && $0.from.hasPrefix("127.0.0.1:") })
            #expect(try fleet.orchestrator.inventory.verifyAudit().fault == nil)
            #expect(try fleet.orchestrator.inventory.intents().isEmpty)
        }
    }

    @Test("Who operates one site brings his intent about there, and is refused by name what reaches further")
    func narrow() async throws {
        try await withTwoSites { fleet in
            let paul = try await add("paul", .operate, Self.paris, to: fleet)
            guard case .applied(let result) = try await apply(Self.tagParis, as: paul) else {
                throw Unexpected("refused")
            }
            #expect(Set(result.devices.map(\.deviceName)) == ["laptop-paris", "dns-paris"])
            await fleet.settled("dns-paris", epoch: Epoch(1))

            // One that reaches further today.
            let wide = try refusal(try await apply(Self.tagEverywhere, as: paul))
            #expect(wide.code == .notPermitted)
            #expect(wide.message.contains("which devices outside site=paris, the scope of 'paul', may fall under"))
            #expect(wide.hint == "add site=paris to its clients")

            // The whole fleet's operator has an intent everywhere: neither to be stopped nor to be withdrawn from one site.
            guard case .applied = await fleet.apply(Self.tagEverywhere) else {
                throw Unexpected("the fleet's own intent was refused")
            }
            await fleet.settled("web", epoch: Epoch(1))
            for request in [
                APIRequest.delete(DeleteRequest(intents: ["web"])), .rollout(RolloutRequest(.pause, "web")),
                .rollout(RolloutRequest(.rotate, "web")), .rollout(RolloutRequest(.retry, "web")),
                .apply(ApplyRequest(sources: [APISource(origin: "-", text: Self.tagParis)], prune: true)),
            ] {
                let failure = try refusal(try await paul.call(request))
                #expect(failure.code == .notPermitted)
                #expect(
                    failure.message.contains(
                        "2 devices outside site=paris, the scope of 'paul': dns-london, laptop-london"))
            }
            #expect(fleet.modules(of: "laptop-london") == ["1:active"])
            #expect(try fleet.orchestrator.inventory.intents().map(\.paused) == [false, false])

            // His own he may steer.
            guard case .rollout = try await paul.call(.rollout(RolloutRequest(.rotate, "dns-paris"))) else {
                throw Unexpected("his own intent")
            }
            await fleet.settled("dns-paris", epoch: Epoch(2))
            let his = try trail(fleet).filter { $0.who == "paul" }
            #expect(his.map(\.verb).first == "apply")
            #expect(his[0].objects == ["intent/dns-paris created"])
            #expect(his[0].scope == Self.paris)
            #expect(his.map(\.result) == [.done] + Array(repeating: .refused, count: 6) + [.done])
        }
    }

    @Test("Who has one site sees that site: devices, modules and events of others are not there for him")
    func narrowSight() async throws {
        try await withTwoSites { fleet in
            _ = await fleet.apply(tagDNS)
            await fleet.settled("dns", epoch: Epoch(1))
            let petra = try await add("petra", .administer, Self.paris, to: fleet)
            guard case .devices(let devices) = try await petra.call(.get(ResourceQuery(.devices))),
                case .modules(let modules) = try await petra.call(.get(ResourceQuery(.modules))),
                case .events(let events) = try await petra.call(.events(EventQuery()))
            else { throw Unexpected("nothing to see") }
            #expect(Set(devices.map(\.name)) == ["laptop-paris", "dns-paris"])
            #expect(Set(modules.map(\.deviceName)) == ["laptop-paris", "dns-paris"])
            let known = Set(devices.map { "device/\($0.id)" })
            #expect(events.contains { $0.subject.hasPrefix("device/") })
            #expect(events.allSatisfy { !$0.subject.hasPrefix("device/") || known.contains($0.subject) })
            let text = String(decoding: try CanonicalJSON.encode(events), as: UTF8.self)
            #expect(!text.contains("london"))

            #expect(
                try refusal(try await petra.call(.forgetDevice(DeviceRequest(device: "dns-london")))).code == .notFound)
            let label = LabelRequest(device: "dns-london", set: ["site": "paris"])
            #expect(try refusal(try await petra.call(.setLabels(label))).code == .notFound)
            let away = LabelRequest(device: "dns-paris", set: ["site": "london"])
            #expect(try refusal(try await petra.call(.setLabels(away))).message.contains("would be outside site=paris"))
            // Another role for a device in Paris would change what London runs.
            let role = LabelRequest(device: "laptop-paris", set: ["role": "resolver"])
            #expect(try refusal(try await petra.call(.setLabels(role))).message.contains("laptop-london"))
            let token = try refusal(try await petra.call(.createToken(TokenRequest(ttl: .seconds(60)))))
            #expect(token.message == "a device with this token would be outside site=paris, the scope of 'petra'")
            guard
                case .token = try await petra.call(
                    .createToken(TokenRequest(ttl: .seconds(60), labels: ["site": "paris", "role": "web"])))
            else { throw Unexpected("no token for her own site") }
            #expect(try refusal(try await petra.call(.operators)).message.contains("is about the whole fleet"))
        }
    }

    @Test("A label that a device claims of itself gives nobody power over it")
    func claimedLabel() async throws {
        let fleet = try await TestFleet(operatorsAfar: true)
        try await fleet.add("laptop", role: "workstation", address: "192.0.2.10", claims: ["site": "paris"])
        let paul = try await add("paul", .view, Self.paris, to: fleet)
        guard case .devices(let devices) = try await paul.call(.get(ResourceQuery(.devices))) else {
            throw Unexpected("no answer")
        }
        #expect(devices.isEmpty)
        await fleet.stop()
    }

    @Test("A certificate serves until its operator is removed or shows another; a device's own serves never")
    func certificates() async throws {
        let fleet = try await TestFleet(operatorsAfar: true)
        try await fleet.add("laptop", role: "workstation", address: "192.0.2.10")
        let path = fleet.folder.appending(path: "carol.pem").path

        func enrol() async throws -> OperatorClient {
            let pair = try OperatorKeyFile.make()
            let answer = await fleet.orchestrator.answer(
                .addOperator(
                    OperatorRequest(name: "carol", role: .operate, proof: .certificate(request: pair.requestPEM))),
                by: root)
            guard case .operatorGranted(let granted) = answer, let certificate = granted.certificate else {
                throw Unexpected("\(answer)")
            }
            try? FileManager.default.removeItem(atPath: path)
            try SecretFile.create(path, pair.keyPEM + "\n" + certificate + "\n")
            return try await client(.certificate(try OperatorKeyFile(file: path)), of: fleet)
        }

        let first = try await enrol()
        guard case .devices(let devices) = try await first.call(.get(ResourceQuery(.devices))) else {
            throw Unexpected("no devices")
        }
        #expect(devices.count == 1)
        let second = try await enrol()
        #expect(try refusal(try await first.call(.version)).message.contains("nobody who may operate any more"))
        guard case .version = try await second.call(.version) else { throw Unexpected("no version") }
        _ = await fleet.orchestrator.answer(.removeOperator(OperatorName("carol")), by: root)
        #expect(try refusal(try await second.call(.version)).code == .notPermitted)

        // The key and certificate of a device, in the place of an operator's.
        let identity = fleet.folder.appending(path: "laptop/identity")
        // It holds the key, the certificate and the authority, in this order.
        let stolen = try String(contentsOf: identity.appending(path: "device.pem"), encoding: .utf8)
        let stolenPath = fleet.folder.appending(path: "stolen.pem").path
        try SecretFile.create(stolenPath, stolen)
        let error = #expect(throws: PkiError.self) { try OperatorKeyFile(file: stolenPath) }
        #expect(error?.description.contains("is not one of an operator") == true)

        // Others may not read such a file.
        chmod(path, 0o640)
        #expect(throws: PkiError.exposed(path: path, mode: "0640")) { try OperatorKeyFile(file: path) }
        #expect(try trail(fleet).filter { $0.who.hasPrefix("stranger") }.map(\.result) == [.refused, .refused])
        await fleet.stop()
    }

    @Test(
        "A token with one wrong letter, of somebody removed, expired, or of another orchestrator: refused, and the secret goes nowhere"
    )
    func tokens() async throws {
        let fleet = try await TestFleet(operatorsAfar: true)
        let good = try await add("tom", .view, to: fleet)
        guard case .version = try await good.call(.version) else { throw Unexpected("no version") }
        guard case .remote(_, let port, .token(let token)) = good.endpoint else { throw Unexpected("no token") }

        var parts = token.text.split(separator: ".").map(String.init)
        let secret = parts[1]
        parts[1] = (secret.first == "a" ? "b" : "a") + secret.dropFirst()
        let wrong = try await client(.token(try OperatorToken(parts.joined(separator: "."))), of: fleet)
        let failure = try refusal(try await wrong.call(.version))
        #expect(failure.message == "nobody is known by that token")

        let brief = try await add("brief", .view, ttl: .milliseconds(1), to: fleet)
        var expired = try await brief.call(.version)
        while case .version = expired { expired = try await brief.call(.version) }
        #expect(try refusal(expired).message.hasPrefix("the token of 'brief' expired at"))

        _ = await fleet.orchestrator.answer(.removeOperator(OperatorName("tom")), by: root)
        #expect(try refusal(try await good.call(.version)).message == "nobody is known by that token")

        // To an orchestrator that is not the one which made it, nothing is said.
        let other = try await TestFleet(operatorsAfar: true)
        let foreign = try await add("tom", .view, to: other)
        guard case .remote(_, _, let credential) = foreign.endpoint else { throw Unexpected("no token") }
        let misled = OperatorClient(.remote(host: "127.0.0.1", port: port, credential: credential))
        let error = await #expect(throws: OperatorClientError.self) { _ = try await misled.call(.version) }
        #expect(
            error?.description.contains("is not the orchestrator that was meant, and nothing was said to it") == true)

        let said = String(decoding: try CanonicalJSON.encode(try trail(fleet)), as: UTF8.self)
        #expect(!said.contains(secret) && !said.contains(parts[1]))
        await other.stop()
        await fleet.stop()
    }

    @Test("A local user is known by user or group; the orchestrator's own user may always do everything")
    func localUsers() async throws {
        let fleet = try await TestFleet()
        let path = fleet.folder.appending(path: "nco/api.sock").path
        for (name, role, proof) in [
            ("me", OperatorRole.view, OperatorRequest.Proof.user(uid: geteuid())),
            ("uwe", .operate, .user(uid: 4_200_042)),
            ("crew", .view, .group(gid: 4_200_077)),
        ] {
            _ = await fleet.orchestrator.answer(
                .addOperator(OperatorRequest(name: name, role: role, scope: Self.paris, proof: proof)), by: root)
        }
        let token = try await OperatorClient(path: path).call(.createToken(TokenRequest(ttl: .seconds(60))))
        guard case .token = token else { throw Unexpected("\(token)") }
        #expect(try trail(fleet).last?.from.hasSuffix("on api.sock") == true)

        let admit = await fleet.orchestrator.admission(policy: .ownerAndRoot)
        let uwe = try await admit(.user(uid: 4_200_042, gid: 4_200_077), "pid 7").get()
        #expect(uwe == Caller(name: "uwe", means: .socket, from: "pid 7", role: .operate, scope: Self.paris))
        let member = try await admit(.user(uid: 4_200_043, gid: 4_200_077), "pid 8").get()
        #expect(member.name == "crew (uid 4200043)")
        #expect(member.role == .view)
        guard case .failure(let failure) = await admit(.user(uid: 4_200_043, gid: 4_200_078), "pid 9") else {
            throw Unexpected("a stranger was admitted")
        }
        #expect(failure.code == .notPermitted)
        await fleet.stop()
    }

    @Test("Names, scopes and spans of operators are looked at, and one user is one operator")
    func badOperators() async throws {
        let fleet = try await TestFleet()
        func add(_ request: OperatorRequest) async throws -> APIFailure {
            try refusal(await fleet.orchestrator.answer(.addOperator(request), by: root))
        }
        #expect(try await add(OperatorRequest(name: "Alice\n", role: .view)).message.contains("1 to 63 of a-z"))
        #expect(try await add(OperatorRequest(name: "", role: .view)).code == .badInput)
        #expect(
            try await add(OperatorRequest(name: "a", role: .view, scope: LabelScope(["site": ""]))).message
                .contains("such as site=paris"))
        #expect(
            try await add(OperatorRequest(name: "a", role: .view, ttl: .seconds(366 * 86_400))).message
                .contains("365d"))
        #expect(
            try await add(OperatorRequest(name: "a", role: .view, proof: .certificate(request: "nonsense"))).message
                .contains("it is none in PEM"))
        _ = await fleet.orchestrator.answer(
            .addOperator(OperatorRequest(name: "a", role: .view, proof: .user(uid: 4242))), by: root)
        #expect(
            try await add(OperatorRequest(name: "b", role: .view, proof: .user(uid: 4242))).message
                .contains("user 4242 is known as operator 'a' already"))
        let results = try trail(fleet).filter { $0.verb == "operator add" }.map(\.result)
        #expect(results.filter { $0 == .done }.count == 1)
        await fleet.stop()
    }
}

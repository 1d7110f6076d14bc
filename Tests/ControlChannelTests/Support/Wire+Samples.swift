import L45Model
import NIOCore

@testable import ControlChannel

/// Numbers that are the same in every run.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

/// Valid messages of every kind, chosen by a seed.
enum Sample {
    static let device = DeviceID(String(repeating: "3f", count: 16))
    static let digest = Digest(of: Array("sample".utf8))

    static func table(_ random: inout Seeded, modules: Int? = nil, generation: UInt64? = nil) -> DeviceTable {
        let count = modules ?? Int.random(in: 0...6, using: &random)
        let entries = (0..<count).map { at in
            entry(UInt64(at + 1) << 32 | UInt64(UInt32.random(in: 0...UInt32.max, using: &random)), &random)
        }
        return DeviceTable(
            device: device, generation: Generation(generation ?? UInt64.random(in: 0...1 << 40, using: &random)),
            modules: entries)
    }

    static func entry(_ id: UInt64, _ random: inout Seeded) -> ModuleEntry {
        ModuleEntry(
            plan: plan(id, &random), state: ModuleState.allCases.randomElement(using: &random) ?? .active,
            enforcing: Bool.random(using: &random))
    }

    static func plan(_ id: UInt64, _ random: inout Seeded) -> ModulePlan {
        ModulePlan(
            id: ModuleID(id), intent: IntentName("dns"), flow: FlowName("dns/0"),
            epoch: Epoch(UInt32.random(in: 1...1000, using: &random)),
            role: Bool.random(using: &random) ? .client : .server,
            directions: ModulePlan.Directions(
                request: Bool.random(using: &random), response: Bool.random(using: &random)),
            tapSocket: TapSocket(
                transport: Bool.random(using: &random) ? .udp : .tcp,
                application: Application(
                    process: Bool.random(using: &random) ? "dig" : nil,
                    thread: Bool.random(using: &random) ? "isc-net-*" : nil),
                local: endpoint(&random),
                remotes: (0..<Int.random(in: 0...3, using: &random)).map { _ in endpoint(&random) }),
            dialect: dialect(&random), dialectSecret: secret(&random), initKey: secret(&random),
            attach: Bool.random(using: &random) ? .new : .all, priority: Int.random(in: -1000...1000, using: &random),
            dropUnlessTagged: Bool.random(using: &random),
            delayMicroseconds: Int.random(in: 0...10_000_000, using: &random),
            stateRequestWindow: .seconds(30), securityCheckWindow: .seconds(300),
            underTest: Bool.random(using: &random),
            artifact: Bool.random(using: &random) ? ArtifactReference(digest: digest, bytes: 600_000) : nil)
    }

    static func endpoint(_ random: inout Seeded) -> EndpointPattern {
        let texts = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "0.0.0.0/0", "::/0"]
        return EndpointPattern(
            block: Bool.random(using: &random) ? AddressBlock(texts.randomElement(using: &random) ?? "::1") : nil,
            port: Bool.random(using: &random) ? UInt16.random(in: 0...UInt16.max, using: &random) : nil)
    }

    static func dialect(_ random: inout Seeded) -> Dialect {
        let tagBytes = Int.random(in: 12...64, using: &random)
        switch Int.random(in: 0...4, using: &random) {
        case 0: return .monitor
        case 1: return .datagram(DatagramTag(place: .front, tagBytes: tagBytes, label: "dns-app", coding: .shortDNS))
        case 2:
            let offset = Int.random(in: 0...1400, using: &random)
            return .datagram(DatagramTag(place: .offset(offset), tagBytes: tagBytes))
        case 3: return .datagram(DatagramTag(place: .end, tagBytes: tagBytes, label: "ü", coding: .masked))
        default:
            let frame = Int.random(in: 16...1 << 20, using: &random)
            return .stream(
                StreamTag(
                    frameBytes: frame, tagBytes: tagBytes, label: "web",
                    start: frame % 2 == 0 ? .firstByte : .afterTLSHandshake))
        }
    }

    static func secret(_ random: inout Seeded) -> Secret {
        Secret((0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    static func report(_ random: inout Seeded) -> DeviceReport {
        let modules = (0..<Int.random(in: 0...5, using: &random)).map { at -> ModuleReport in
            var statistics = ModuleStatistics()
            statistics.messagesSent = UInt64.random(in: 0...1 << 50, using: &random)
            statistics.messagesReceived = 2
            statistics.bytesSent = 3
            statistics.bytesReceived = 4
            statistics.skipped = 5
            statistics.passedPlain = 6
            statistics.dropped = 7
            statistics.forged = 8
            return ModuleReport(
                id: ModuleID(UInt64(at)), state: ModuleState.allCases.randomElement(using: &random) ?? .standby,
                enforcing: Bool.random(using: &random), sockets: 1, streamsInDialect: 2, streamsLeftPlain: 3,
                activeAt: Timestamp(1_700_000_000_000), sentAt: Timestamp(1_700_000_000_001),
                receivedAt: Timestamp(1_700_000_000_002), statistics: statistics,
                filledIn: ["udp 10.0.0.5:41234 > 10.0.0.53:53 (dig/isc-net-0000)"])
        }
        return DeviceReport(
            device: device, takenAt: Timestamp(1_700_000_000_000), bootID: "b", tap: .preload,
            generation: Generation(UInt64.random(in: 0...1 << 40, using: &random)),
            tableDigest: Bool.random(using: &random) ? digest : nil, modules: modules, processes: 4,
            problems: ["the disk is full"])
    }

    static func agentMessages(_ random: inout Seeded) -> [AgentMessage] {
        let facts = DeviceFacts(
            name: "gateway-1", labels: ["app": "dns", "site": "north"],
            addresses: ["10.0.0.5", "2001:db8::5", "10.1.0.0/16"].compactMap { AddressBlock($0) },
            taps: [.preload, .kernel, .simulated], kernelRelease: "6.1.0-18-amd64", agentVersion: "0.1.0",
            responds: [443, 8443])
        return [
            .hello(AgentHello(facts: facts, bootID: "boot", ledgerGeneration: Generation(7))),
            .hello(
                AgentHello(
                    facts: facts, bootID: "boot", ledgerGeneration: Generation(7), pathGeneration: Generation(3),
                    trusts: [digest])),
            .hello(
                AgentHello(
                    facts: facts, bootID: "boot", ledgerGeneration: Generation(7), pathGeneration: Generation(3),
                    pathKeysTag: Bool.random(using: &random) ? "" : String(repeating: "0a", count: 16))),
            .paths(pathReport(&random)),
            .pathKeysHeld(tag: ""),
            .pathKeysHeld(tag: String(repeating: "0a", count: 16)),
            .pathExchanges(
                PathExchanges(
                    sent: exchanges(&random), arrived: exchanges(&random),
                    leftOut: UInt64.random(in: 0...9, using: &random))),
            .hello(
                AgentHello(
                    facts: facts, bootID: "boot", ledgerGeneration: Generation(7),
                    answersChallenges: Bool.random(using: &random))),
            .moduleAnswer(
                ModuleAnswer(
                    module: ModuleID(random.next()), number: 7,
                    outcome: .answered(
                        bytes(Int.random(in: ModuleAnswer.answerBytes, using: &random), &random), life: random.next()))),
            .moduleAnswer(ModuleAnswer(module: ModuleID(3), number: 1 << 60, outcome: .unopened(life: 5))),
            .moduleAnswer(ModuleAnswer(module: ModuleID(3), number: 9, outcome: .unable("the disk is full"))),
            .trustHeld([digest]),
            .report(report(&random)),
            .refused(Generation(6), reason: "older than generation 7"),
            .artifactWanted(ArtifactReference(digest: digest, bytes: 600_000), offset: 65_536),
            .event(
                Event(
                    at: Timestamp(1_700_000_000_000), severity: .warning, subject: "device/3f",
                    message: "module installed", facts: ["module": "0000000000000001"])),
        ]
    }

    static func orchestratorMessages(_ random: inout Seeded) -> [OrchestratorMessage] {
        let file = ArtifactReference(digest: digest, bytes: 600_000)
        return [
            .welcome(device, reportEvery: .seconds(5)),
            .set(table(&random)),
            .reportWanted,
            .artifactChunk(file, offset: 65_536, bytes: ByteBuffer(repeating: 7, count: 1000)),
            .artifactMissing(file),
            .setPaths(pathTable(&random)),
            .farGatesHeld(PathName("wan/10.2.0.0/24"), gates(&random)),
            .pathKeys(pathKeys(&random)),
            .challenge(
                ModuleChallenge(
                    module: ModuleID(random.next()), number: 12,
                    sealed: bytes(Int.random(in: ModuleChallenge.sealedBytes, using: &random), &random))),
            .trust(["-----BEGIN CERTIFICATE-----"], renew: Bool.random(using: &random)),
        ]
    }

    private static func bytes(_ count: Int, _ random: inout Seeded) -> [UInt8] {
        (0..<count).map { _ in .random(in: 0...255, using: &random) }
    }

    static func pathKeys(_ random: inout Seeded) -> PathKeys {
        let blocks = ["10.2.0.9", "2001:db8::7"].compactMap { AddressBlock($0) }
        return PathKeys(
            device: device, tag: String(repeating: "0a", count: 16), sentAt: Timestamp(1_700_000_000_000),
            entries: blocks.map { block in
                let opens = Bool.random(using: &random)
                return PathKeyEntry(
                    path: PathName(IntentName("wan"), block), opener: device, opens: opens, sources: blocks,
                    probe: block, port: 4545,
                    keys: (0..<(opens ? 1 : 3)).map { at in
                        EpochKey(
                            epoch: 20_000 + at,
                            secret: Secret((0..<16).map { _ in .random(in: 0...255, using: &random) }))
                    }, whyPlain: Bool.random(using: &random) ? "" : "branch-1 has not confirmed")
            })
    }

    static func exchanges(_ random: inout Seeded) -> [PathExchange] {
        (0..<Int.random(in: 0...3, using: &random)).map { _ in
            PathExchange(
                path: PathName("wan/10.2.0.0/24"), opener: device, at: Timestamp(1_700_000_000_000),
                syn: (0..<Int.random(in: 0...120, using: &random)).map { _ in .random(in: 0...255, using: &random) },
                status: Bool.random(using: &random) ? UInt8.random(in: 0...7, using: &random) : nil,
                epoch: Bool.random(using: &random) ? 20_000 : nil)
        }
    }

    static func gates(_ random: inout Seeded) -> [PathGate] {
        PathExtension.allCases.filter { _ in Bool.random(using: &random) }.map { subject in
            PathGate(
                subject, at: PathEnd.allCases.randomElement(using: &random) ?? .opening,
                mssBytes: subject == .mss ? Int.random(in: PathPolicy.mssRange, using: &random) : nil)
        }.sorted()
    }

    static func pathTable(_ random: inout Seeded) -> PathTable {
        let blocks = ["10.2.0.0/24", "2001:db8::7"].compactMap { AddressBlock($0) }
        var treatments: [PathExtension: PathPolicy.Treatment] = [:]
        for subject in PathExtension.allCases {
            treatments[subject] = PathPolicy.Treatment.allCases.randomElement(using: &random)
        }
        let policy = PathPolicy(
            treatments: treatments, mssBytes: Int.random(in: PathPolicy.mssRange, using: &random),
            retestEvery: .seconds(Int64.random(in: 1...86_400, using: &random)), tolerancePercent: 12)
        return PathTable(
            device: device, generation: Generation(UInt64.random(in: 1...1 << 40, using: &random)),
            paths: blocks.map { block in
                PathPlan(
                    intent: IntentName("wan"), destination: block, policy: policy,
                    probe: AddressBlock("10.2.0.9") ?? block, port: 4545,
                    ratePort: Bool.random(using: &random) ? 4546 : nil, far: [device])
            }, answers: [PathAnswer(port: 4545, ratePort: 4546, openers: blocks)],
            accepted: [
                AcceptedGates(
                    path: PathName("wan/10.2.0.0/24"), opener: device, sources: blocks,
                    destination: Bool.random(using: &random) ? blocks.first : nil, gates: gates(&random))
            ])
    }

    static func pathReport(_ random: inout Seeded) -> PathReport {
        PathReport(
            device: device, takenAt: Timestamp(1_700_000_000_000), taken: Generation(4), inForce: Generation(3),
            paths: PathStanding.Phase.allCases.map { phase in
                PathStanding(
                    name: PathName("wan/\(phase.rawValue)"), phase: phase, since: Timestamp(1_700_000_000_000),
                    nextAt: Timestamp(1_700_000_600_000),
                    sight: PathExtension.allCases.map { subject in
                        PathStanding.Sight(
                            subject, out: PathStanding.Verdict.allCases.randomElement(using: &random) ?? .unknown,
                            back: .unknown)
                    }, here: gates(&random), there: gates(&random), wanted: gates(&random),
                    isWaiting: Bool.random(using: &random), asksECN: Bool.random(using: &random),
                    heldSince: Timestamp(1_700_000_000_001), rate: Bool.random(using: &random) ? 9.4e8 : nil,
                    reason: "the far end refuses",
                    integrity: PathIntegrity.Kind.allCases.randomElement(using: &random).map {
                        PathIntegrity(
                            $0, epoch: $0 == .plain ? nil : 20_000, reason: "why", since: Timestamp(1_700_000_000_000))
                    })
            }, problems: ["'nft' can not be run"])
    }
}

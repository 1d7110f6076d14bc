import CL45Core
import CL45Tap
import KernelTap
import L45Model
import Testing

@Suite("A device's table as the tap's rules")
struct RuleTableTests {
    @Test("A module with several remotes gives a rule for each, with one module id and one group")
    func remotes() throws {
        let rules = try RuleTable.rules(
            of: Modules.table(1, Modules.entry(7, remotes: ["10.0.0.53", "2001:db8::/32", "192.0.2.0/24"])))
        #expect(rules.map(\.mod_id) == [7, 7, 7])
        #expect(Set(rules.map(\.group)).count == 1)
        #expect(rules.map(\.remote.prefix_bits) == [128, 32, 120])
        #expect(rules.allSatisfy { $0.remote.port == 53 })
        let first = withUnsafeBytes(of: rules[0].remote.address) { Array($0) }
        #expect(first == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 53])
    }

    @Test("A module without remotes takes any peer, on any port")
    func anyRemote() throws {
        let rules = try RuleTable.rules(of: Modules.table(1, Modules.entry(7, remotes: [])))
        #expect(rules.count == 1)
        #expect(rules[0].remote.prefix_bits == 0)
        #expect(rules[0].remote.port == 0)
        #expect(withUnsafeBytes(of: rules[0].remote.address) { $0.allSatisfy { $0 == 0 } })
    }

    @Test("The lowest active module ranks above the highest one that only listens")
    func ranks() throws {
        let lowest = RuleTable.priorities.lowerBound
        let highest = RuleTable.priorities.upperBound
        let rules = try RuleTable.rules(
            of: Modules.table(
                1, Modules.entry(1, state: .active, priority: lowest),
                Modules.entry(2, state: .standby, priority: highest),
                Modules.entry(3, state: .deprecated, priority: highest),
                Modules.entry(4, state: .deactivated, priority: highest)))
        let active = try #require(rules.first { $0.mod_id == 1 })
        #expect(rules.filter { $0.mod_id != 1 }.allSatisfy { $0.priority < active.priority })
        #expect(
            rules.map { UInt32($0.state) } == [
                L45_TAP_ACTIVE.rawValue, L45_TAP_STANDBY.rawValue, L45_TAP_DEPRECATED.rawValue,
                L45_TAP_DEACTIVATED.rawValue,
            ])
    }

    @Test("Role, directions, enforcement and attachment become flags")
    func flags() throws {
        let plain = try RuleTable.rules(of: Modules.table(1, Modules.entry(1)))[0]
        #expect(plain.flags == L45_TAP_REQUESTS.rawValue | L45_TAP_RESPONSES.rawValue)
        let other = try RuleTable.rules(
            of: Modules.table(
                1,
                Modules.entry(1, enforcing: true) { plan in
                    plan.role = .server
                    plan.directions = .init(request: true, response: false)
                    plan.attach = .new
                }))[0]
        #expect(
            other.flags == L45_TAP_SERVER.rawValue | L45_TAP_REQUESTS.rawValue | L45_TAP_ENFORCE.rawValue
                | L45_TAP_NEW_SOCKETS_ONLY.rawValue)
    }

    @Test("Editions of one flow share a group, other flows and intents do not")
    func groups() {
        let dns = RuleTable.group(intent: IntentName("dns"), flow: FlowName("dns/0"))
        #expect(dns == RuleTable.group(intent: IntentName("dns"), flow: FlowName("dns/0")))
        #expect(dns != RuleTable.group(intent: IntentName("dns"), flow: FlowName("dns/1")))
        #expect(dns != RuleTable.group(intent: IntentName("dn"), flow: FlowName("sdns/0")))
    }

    @Test("Every dialect that a table carries is one that the engine makes ready")
    func dialects() throws {
        let offset = Dialect.datagram(DatagramTag(place: .offset(12), tagBytes: 12, label: "longer than its room"))
        let end = Dialect.datagram(DatagramTag(place: .end, tagBytes: 64, label: String(repeating: "x", count: 80)))
        let rules = try RuleTable.rules(
            of: Modules.table(
                1, Modules.entry(1), Modules.entry(2, dialect: offset), Modules.entry(3, dialect: end),
                Modules.entry(4, dialect: .monitor), Modules.entry(5, transport: .tcp, dialect: Modules.stream),
                Modules.entry(6, transport: .tcp, dialect: .monitor)))
        for rule in rules {
            var codec = l45_codec()
            var dialect = rule.dialect
            #expect(l45_codec_prepare(&codec, &dialect) == 0, "module \(rule.mod_id)")
        }
        #expect(rules.map(\.dialect.tag_bytes) == [32, 12, 64, 0, 32, 0])
        #expect(rules.map(\.dialect.label_bytes) == [7, 0, 52, 0, 0, 0])
        #expect(rules[1].dialect.offset == 12)
        #expect(rules[4].dialect.frame_bytes == 1000)
        #expect(rules.map { Int32($0.protocol) } == [17, 17, 17, 17, 6, 6])
        let secret = withUnsafeBytes(of: rules[0].dialect.secret) { Array($0) }
        #expect(secret == [UInt8](repeating: 7, count: 32))
    }

    @Test("The bounds that the model names are the engine's")
    func bounds() {
        #expect(DialectBounds.tagBytesMin == Int(L45_TAG_BYTES_MIN))
        #expect(DialectBounds.tagBytesMax == Int(L45_TAG_BYTES_MAX))
        #expect(DialectBounds.labelBytesMax == Int(L45_LABEL_BYTES_MAX))
        #expect(DialectBounds.offsetMax == Int(L45_OFFSET_MAX))
        #expect(DialectBounds.frameBytesMin == Int(L45_FRAME_BYTES_MIN))
        #expect(DialectBounds.frameBytesMax == 1 << 20)
    }

    @Test("More rules than the tap holds are refused with the numbers and the way out")
    func tooMany() throws {
        let remotes = (0..<513).map { "10.0.\($0 / 256).\($0 % 256)" }
        let full = Modules.table(1, Modules.entry(1, remotes: Array(remotes.prefix(512))))
        #expect(try RuleTable.rules(of: full).count == 512)
        let error = #expect(throws: TapError.self) {
            try RuleTable.rules(of: Modules.table(1, Modules.entry(1, remotes: remotes)))
        }
        #expect(error == .tooManyRules(count: 513, modules: 1, max: 512))
        #expect(
            error?.description
                == "the table needs 513 rules for its 1 modules (one per module and remote), the tap holds "
                + "512; name the remotes by wider address blocks, or select fewer of them")
    }

    struct Misfit: Sendable, CustomTestStringConvertible {
        let words: String
        let entry: ModuleEntry
        var testDescription: String { words }
    }

    static let misfits = [
        Misfit(
            words: "'sixteen-bytes-16' has 16 bytes",
            entry: Modules.entry(3) { $0.tapSocket.application.process = "sixteen-bytes-16" }),
        Misfit(
            words: "the thread name", entry: Modules.entry(3) { $0.tapSocket.application.thread = "sixteen-bytes-16" }),
        Misfit(
            words: "secret has 31 bytes, 32 are needed",
            entry: Modules.entry(3) { $0.dialectSecret = Secret([UInt8](repeating: 1, count: 31)) }),
        Misfit(words: "priority 1000001", entry: Modules.entry(3, priority: 1_000_001)),
        Misfit(words: "delay of 10000001", entry: Modules.entry(3) { $0.delayMicroseconds = 10_000_001 }),
        Misfit(words: "delay of -1", entry: Modules.entry(3) { $0.delayMicroseconds = -1 }),
        Misfit(words: "offset 1401", entry: Modules.entry(3, dialect: .datagram(DatagramTag(place: .offset(1401))))),
        Misfit(
            words: "tag of 11 bytes",
            entry: Modules.entry(3, dialect: .datagram(DatagramTag(place: .front, tagBytes: 11)))),
        Misfit(
            words: "tag of 65 bytes",
            entry: Modules.entry(3, dialect: .datagram(DatagramTag(place: .front, tagBytes: 65)))),
        Misfit(
            words: "frames of 15 bytes",
            entry: Modules.entry(3, transport: .tcp, dialect: .stream(StreamTag(frameBytes: 15)))),
        Misfit(words: "can not go on tcp", entry: Modules.entry(3, transport: .tcp)),
        Misfit(words: "can not go on udp", entry: Modules.entry(3, dialect: Modules.stream)),
    ]

    @Test("A field out of its bounds is refused, naming module, field and bound", arguments: misfits)
    func refuses(misfit: Misfit) throws {
        let error = #expect(throws: TapError.self) {
            try RuleTable.rules(of: Modules.table(1, Modules.entry(1), misfit.entry))
        }
        guard case .unfit(let module, let reason) = error else {
            Issue.record("not refused as unfit: \(String(describing: error))")
            return
        }
        #expect(module == ModuleID(3))
        #expect(reason.contains(misfit.words), "\(reason)")
    }
}

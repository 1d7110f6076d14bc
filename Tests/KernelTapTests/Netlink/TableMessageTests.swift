import CL45Core
import CL45Netlink
import CL45Tap
import KernelTap
import L45Model
import Testing

@Suite("A device's table as the kernel tap's messages")
struct TableMessageTests {
    private let digest = Digest(hex: String(repeating: "ab", count: 32))

    @Test("BEGIN names the generation, the digest and how many modules come: byte for byte")
    func begin() throws {
        let requests = try TableMessages.requests(for: Modules.table(0x0102, Modules.entry(7)), digest: digest)
        let message = NetlinkMessage(family: 0x22, flags: 5, sequence: 9, request: requests[0], version: 1)
        let expected: [[UInt8]] = [
            [112, 0, 0, 0],  // bytes of the message
            [0x22, 0],  // family
            [5, 0],  // NLM_F_REQUEST | NLM_F_ACK
            [9, 0, 0, 0],  // sequence
            [0, 0, 0, 0],  // port
            [2, 1, 0, 0],  // L45_CMD_BEGIN, version 1
            [12, 0, 2, 0], [2, 1, 0, 0, 0, 0, 0, 0],  // L45_A_GENERATION 0x0102
            [69, 0, 3, 0], Array(repeating: [0x61, 0x62], count: 32).flatMap { $0 }, [0],  // L45_A_DIGEST "abab..."
            [0, 0, 0],  // padding to 4
            [8, 0, 4, 0], [1, 0, 0, 0],  // L45_A_COUNT
        ]
        #expect(message.encoded == expected.flatMap { $0 })
    }

    @Test("ADD carries a module with its remotes as a list: byte for byte")
    func add() throws {
        let entry = Modules.entry(
            7, enforcing: true, remotes: ["10.0.0.53", "2001:db8::/32"], priority: -2
        ) { plan in
            plan.role = .server
            plan.attach = .new
            plan.delayMicroseconds = 1000
            plan.tapSocket.local = EndpointPattern(block: AddressBlock("10.0.0.0/8"), port: 53)
            plan.tapSocket.application.thread = "isc-net*"
        }
        let requests = try TableMessages.requests(for: Modules.table(1, entry), digest: digest)
        #expect(requests.count == 3)
        #expect(requests[1].command == 3)  // L45_CMD_ADD
        let group = RuleTable.group(intent: IntentName("dns"), flow: FlowName("dns/0"))
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        let inside: [[UInt8]] = [
            [12, 0, 2, 0], [7, 0, 0, 0, 0, 0, 0, 0],  // L45_M_ID
            [12, 0, 3, 0], withUnsafeBytes(of: group.littleEndian) { Array($0) },  // L45_M_GROUP
            [8, 0, 4, 0], [0xfe, 0xff, 0xff, 0xff],  // L45_M_PRIORITY -2
            [5, 0, 5, 0], [2, 0, 0, 0],  // L45_M_STATE active, padded
            [8, 0, 6, 0], [0x1f, 0, 0, 0],  // L45_M_FLAGS server | requests | responses | enforce | new only
            [5, 0, 7, 0], [17, 0, 0, 0],  // L45_M_PROTOCOL UDP
            [8, 0, 8, 0], [0xe8, 3, 0, 0],  // L45_M_DELAY_US 1000
            [8, 0, 9, 0], Array("dig\0".utf8),  // L45_M_PROCESS
            [13, 0, 10, 0], Array("isc-net*\0".utf8), [0, 0, 0],  // L45_M_THREAD
            [40, 0, 11, 0x80],  // L45_M_LOCAL, nested
            [20, 0, 1, 0], mapped, [10, 0, 0, 0],  // L45_E_ADDRESS
            [5, 0, 2, 0], [104, 0, 0, 0],  // L45_E_PREFIX: an IPv4 /8
            [6, 0, 3, 0], [53, 0, 0, 0],  // L45_E_PORT
            [44, 0, 12, 0],  // L45_M_REMOTES, two of 20 bytes
            mapped, [10, 0, 0, 53], [128, 0, 53, 0],
            [0x20, 1, 0x0d, 0xb8], [UInt8](repeating: 0, count: 12), [32, 0, 53, 0],
            [104, 0, 13, 0],  // L45_M_DIALECT
            [1, 0, 32, 7], [0, 0], [0, 0], [0, 0, 0, 0],  // datagram, front, tag and label bytes; offset; frame
            [1, 0, 0, 0],  // epoch
            Array("dns-app".utf8), [UInt8](repeating: 0, count: 45), [UInt8](repeating: 7, count: 32),  // label, secret
            [36, 0, 14, 0], [UInt8](repeating: 9, count: 32),  // L45_M_INIT_KEY
        ]
        let body = inside.flatMap { $0 }
        let header: [UInt8] = [UInt8((body.count + 4) & 0xff), UInt8((body.count + 4) >> 8), 5, 0x80]
        #expect(requests[1].attributes == header + body)
    }

    @Test(
        "What the kernel's tap cannot do is refused before it is asked, with what could",
        arguments: [
            (Transport.udp, Dialect.datagram(DatagramTag(place: .front, coding: .masked)), "mask messages"),
            (.udp, .datagram(DatagramTag(place: .front, coding: .shortDNS)), "compress messages"),
            (.tcp, .stream(StreamTag(frameBytes: 1000, start: .afterTLSHandshake)), "begin after a handshake"),
        ])
    func beyond(transport: Transport, dialect: Dialect, words: String) {
        let table = Modules.table(1, Modules.entry(1), Modules.entry(3, transport: transport, dialect: dialect))
        let error = #expect(throws: TapError.self) { try TableMessages.requests(for: table, digest: digest) }
        guard case .unfit(let module, let reason)? = error else {
            Issue.record("not refused as unfit: \(String(describing: error))")
            return
        }
        #expect(module == ModuleID(3))
        #expect(reason == "the kernel's tap can not \(words): run its programs under the user-space tap")
        // The user-space tap takes it.
        #expect(throws: Never.self) { try RuleTable.rules(of: table) }
    }

    @Test("COMMIT names the generation; a table without modules is BEGIN and COMMIT")
    func empty() throws {
        let requests = try TableMessages.requests(for: Modules.table(3), digest: digest)
        #expect(requests.map(\.command) == [2, 4])
        #expect(requests[1].attributes == [12, 0, 2, 0] + [3, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test("Modules share messages of at most 32 KB; one that is larger goes alone; none is lost, none is out of order")
    func bounds() throws {
        let wide = (0..<3072).map { "10.\($0 / 256).\($0 % 256).0/24" }
        var entries = (1...1023).map { Modules.entry(UInt64($0)) }
        entries.append(Modules.entry(1024, remotes: wide))
        let table = DeviceTable(device: Modules.device, generation: Generation(1), modules: entries)
        let requests = try TableMessages.requests(for: table, digest: digest)
        var ids: [UInt64] = []
        for request in requests where UInt32(request.command) == L45_CMD_ADD.rawValue {
            let modules = try nests(request.attributes)
            let message = NetlinkMessage(family: 1, flags: 0, sequence: 0, request: request, version: 1)
            #expect(message.encoded.count <= TableMessages.messageBytesMax || modules.count == 1)
            for module in modules { ids.append(try module.required(L45_M_ID, "id")) }
        }
        #expect(ids == Array(1...1024))
        #expect(requests.count < 20)
    }

    private func nests(_ bytes: [UInt8]) throws -> [Attributes] {
        var nests: [Attributes] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let length = Int(rest[rest.startIndex]) | Int(rest[rest.startIndex + 1]) << 8
            let one = try Attributes(rest.prefix(length))
            nests.append(try #require(try one.nest(L45_A_MODULE)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return nests
    }

    @Test("What the module would refuse is refused before it is asked, with the numbers and the way out")
    func limits() throws {
        let many = DeviceTable(
            device: Modules.device, generation: Generation(1), modules: (1...1025).map { Modules.entry(UInt64($0)) })
        #expect(throws: TapError.tooManyModules(count: 1025, max: 1024)) { try TableMessages.check(many) }
        let wide = (0..<3073).map { "10.\($0 / 256).\($0 % 256).0/24" }
        let error = #expect(throws: TapError.self) {
            try TableMessages.check(Modules.table(1, Modules.entry(5, remotes: wide)))
        }
        #expect(
            error?.description
                == "module 0000000000000005 has 3073 remotes, the kernel tap holds 3072 of one module; name "
                + "them by wider address blocks")
        let half = Array(wide.prefix(3000))
        let heavy = DeviceTable(
            device: Modules.device, generation: Generation(1),
            modules: (1...22).map { Modules.entry(UInt64($0), remotes: half) })
        #expect(throws: TapError.tooManyRemotes(nil, count: 66000, max: 65536)) { try TableMessages.check(heavy) }
        #expect(throws: TapError.unfit(ModuleID(5), reason: "its init_key has 5 bytes, 32 are needed")) {
            try TableMessages.check(Modules.table(1, Modules.entry(5) { $0.initKey = Secret([1, 2, 3, 4, 5]) }))
        }
    }

    @Test("A field out of its bounds is refused as by the user-space tap", arguments: RuleTableTests.misfits)
    func refuses(misfit: RuleTableTests.Misfit) throws {
        let error = #expect(throws: TapError.self) {
            try TableMessages.check(Modules.table(1, Modules.entry(1), misfit.entry))
        }
        guard case .unfit(let module, let reason) = error else {
            Issue.record("not refused as unfit: \(String(describing: error))")
            return
        }
        #expect(module == ModuleID(3))
        #expect(reason.contains(misfit.words), "\(reason)")
    }

    @Test("The numbers of the two taps' contracts are the same, and so are their bounds and the model's")
    func numbers() {
        #expect(L45_F_SERVER.rawValue == L45_TAP_SERVER.rawValue)
        #expect(L45_F_REQUESTS.rawValue == L45_TAP_REQUESTS.rawValue)
        #expect(L45_F_RESPONSES.rawValue == L45_TAP_RESPONSES.rawValue)
        #expect(L45_F_ENFORCE.rawValue == L45_TAP_ENFORCE.rawValue)
        #expect(L45_F_NEW_ONLY.rawValue == L45_TAP_NEW_SOCKETS_ONLY.rawValue)
        #expect(L45_STATE_DEACTIVATED.rawValue == L45_TAP_DEACTIVATED.rawValue)
        #expect(L45_STATE_STANDBY.rawValue == L45_TAP_STANDBY.rawValue)
        #expect(L45_STATE_ACTIVE.rawValue == L45_TAP_ACTIVE.rawValue)
        #expect(L45_STATE_DEPRECATED.rawValue == L45_TAP_DEPRECATED.rawValue)
        #expect(L45_TASK_NAME_BYTES == L45_TAP_NAME_BYTES)
        #expect(L45_TABLE_DIGEST_BYTES == L45_TAP_DIGEST_BYTES)
        #expect(RuleTable.priorities == -Int(L45_PRIORITY_MAX)...Int(L45_PRIORITY_MAX))
        #expect(Int(L45_DELAY_US_MAX) == 10_000_000)
        // 3072 remotes and every other field of a module fit into one attribute.
        #expect(Int(L45_REMOTES_MAX) * MemoryLayout<l45_remote>.size + 1024 < AttributeWriter.payloadBytesMax)
    }
}

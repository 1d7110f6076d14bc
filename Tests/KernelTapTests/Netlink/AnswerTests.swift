import CL45Netlink
import KernelTap
import L45Model
import Testing

/// Answers as the kernel lays them out, little end first, as on the machines that l45 runs on.
enum Golden {
    static let digest = String(repeating: "0f", count: 32)

    static let status: [[UInt8]] = [
        [164, 0, 6, 0x80],  // L45_A_STATUS, nested
        [8, 0, 2, 0], [1, 0, 0, 0],  // L45_ST_VERSION
        [12, 0, 3, 0], [9, 0, 0, 0, 0, 0, 0, 0],  // L45_ST_GENERATION
        [69, 0, 4, 0], Array(digest.utf8), [0], [0, 0, 0],  // L45_ST_DIGEST, padded
        [12, 0, 5, 0], [8, 0, 0, 0, 0, 0, 0, 0],  // L45_ST_IN_FORCE
        [8, 0, 6, 0], [2, 0, 0, 0],  // L45_ST_MODULES
        [8, 0, 7, 0], [3, 1, 0, 0],  // L45_ST_SOCKETS 259
        [12, 0, 8, 0], [4, 0, 0, 0, 0, 0, 0, 0],  // L45_ST_REFUSED
        [12, 0, 9, 0], [5, 0, 0, 0, 0, 0, 0, 0],  // L45_ST_FAILED
        [8, 0, 10, 0], [0, 4, 0, 0],  // L45_ST_LIMIT_MODULES
        [5, 0, 99, 0], [1, 0, 0, 0],  // of a later version
    ]

    static let module: [[UInt8]] = [
        [12, 0, 2, 0], [9, 0, 0, 0, 0, 0, 0, 0],  // L45_A_GENERATION
        [188, 0, 7, 0x80],  // L45_A_MODULE_STATE, nested
        [12, 0, 2, 0], [7, 0, 0, 0, 0, 0, 0, 0],  // L45_S_ID
        [5, 0, 3, 0], [2, 0, 0, 0],  // L45_S_STATE active
        [8, 0, 4, 0], [0x0e, 0, 0, 0],  // L45_S_FLAGS requests | responses | enforce
        [8, 0, 5, 0], [6, 0, 0, 0],  // L45_S_SOCKETS
        [8, 0, 6, 0], [1, 0, 0, 0],  // L45_S_STREAMS_IN_DIALECT
        [8, 0, 7, 0], [2, 0, 0, 0],  // L45_S_STREAMS_LEFT_PLAIN
        [12, 0, 8, 0], [11, 0, 0, 0, 0, 0, 0, 0],  // L45_S_MESSAGES_SENT
        [12, 0, 9, 0], [12, 0, 0, 0, 0, 0, 0, 0],  // L45_S_MESSAGES_RECEIVED
        [12, 0, 10, 0], [13, 0, 0, 0, 0, 0, 0, 0],  // L45_S_BYTES_SENT
        [12, 0, 11, 0], [14, 0, 0, 0, 0, 0, 0, 0],  // L45_S_BYTES_RECEIVED
        [12, 0, 12, 0], [15, 0, 0, 0, 0, 0, 0, 0],  // L45_S_SKIPPED
        [12, 0, 13, 0], [16, 0, 0, 0, 0, 0, 0, 0],  // L45_S_PASSED_PLAIN
        [12, 0, 14, 0], [17, 0, 0, 0, 0, 0, 0, 0],  // L45_S_DROPPED
        [12, 0, 15, 0], [18, 0, 0, 0, 0, 0, 0, 0],  // L45_S_FORGED
        [12, 0, 16, 0], [0xe8, 3, 0, 0, 0, 0, 0, 0],  // L45_S_ACTIVE_MS 1000
        [12, 0, 17, 0], [0xe7, 3, 0, 0, 0, 0, 0, 0],  // L45_S_SENT_MS 999
        [12, 0, 18, 0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],  // L45_S_RECEIVED_MS, more than there are
    ]

    static let flow = "udp dig/isc-net-0000 10.0.0.5:41234 -> 10.0.0.53:53"
    static let socket: [[UInt8]] = [
        [108, 0, 8, 0x80],  // L45_A_SOCKET, nested
        [12, 0, 2, 0], [0x63, 0, 0, 0, 0, 0, 0, 0],  // L45_K_COOKIE
        [8, 0, 6, 0], Array("dig\0".utf8),  // L45_K_PROCESS
        [12, 0, 10, 0], [7, 0, 0, 0, 0, 0, 0, 0],  // L45_K_TX_MOD_ID
        [12, 0, 12, 0], [0xe8, 3, 0, 0, 0, 0, 0, 0],  // L45_K_SINCE_MS
        [56, 0, 13, 0], Array(flow.utf8), [0],  // L45_K_TEXT
        [4, 0, 1, 0],  // L45_K_PAD
    ]

    static let event: [[UInt8]] = [
        [5, 0, 12, 0], [3, 0, 0, 0],  // L45_A_EVENT_KIND refused
        [14, 0, 14, 0], Array("kTLS owns\0".utf8), [0, 0],  // L45_A_TEXT
        [12, 0, 9, 0], [7, 0, 0, 0, 0, 0, 0, 0],  // L45_A_MOD_ID
        [5, 0, 13, 0], [3, 0, 0, 0],  // L45_A_REASON ULP
        [8, 0, 15, 0], [2, 0, 0, 0],  // L45_A_LOST
    ]
    /// An event ends with the socket that it is about.
    static let socketEvent = event + socket
}

@Suite("The kernel tap's answers, from their bytes")
struct AnswerTests {
    @Test("A status: generations, digest, counts; what a later version adds is passed over")
    func status() throws {
        let status = try KernelStatus(Attributes(Golden.status.flatMap { $0 }[...]))
        #expect(status.version == 1)
        #expect(status.generation == Generation(9))
        #expect(status.inForce == Generation(8))
        #expect(status.digest == Digest(hex: Golden.digest))
        #expect((status.modules, status.sockets) == (2, 259))
        #expect((status.refused, status.failed) == (4, 5))
    }

    @Test("A module: state, enforcement, every counter in its place, a time past all times kept in bounds")
    func module() throws {
        let module = try KernelModule(Attributes(Golden.module.flatMap { $0 }[...]))
        #expect(module.generation == Generation(9))
        let report = module.report
        #expect(report.id == ModuleID(7))
        #expect(report.state == .active)
        #expect(report.enforcing)
        #expect([report.sockets, report.streamsInDialect, report.streamsLeftPlain] == [6, 1, 2])
        let counts = report.statistics
        #expect(
            [
                counts.messagesSent, counts.messagesReceived, counts.bytesSent, counts.bytesReceived, counts.skipped,
                counts.passedPlain, counts.dropped, counts.forged,
            ] == Array(11...18))
        #expect(report.activeAt == Timestamp(1000))
        #expect(report.sentAt == Timestamp(999))
        #expect(report.receivedAt == Timestamp(253_402_300_799_999))
    }

    @Test("A socket: its owner, the flow that the wildcards were filled with, the module it spoke last")
    func socket() throws {
        let socket = try KernelSocket(Attributes(Golden.socket.flatMap { $0 }[...]))
        #expect(socket.cookie == 0x63)
        #expect(socket.process == "dig")
        #expect(socket.sending == ModuleID(7))
        #expect(socket.receiving == nil)
        #expect(socket.since == Timestamp(1000))
        #expect(socket.text == Golden.flow)
    }

    @Test("An event: what it is, why, of which module, and how many went unsaid")
    func event() throws {
        let notice = try KernelEvent(Attributes(Golden.socketEvent.flatMap { $0 }[...])).notice
        #expect(
            notice
                == TapNotice(
                    kind: .refused, module: ModuleID(7), process: "dig", text: Golden.flow, reason: "kTLS owns",
                    lost: 2))
        let bare = try KernelEvent(Attributes(Golden.event.flatMap { $0 }[...])).notice
        #expect((bare.text, bare.reason) == ("", "kTLS owns"))
        let alert: [UInt8] = [5, 0, 12, 0, 5, 0, 0, 0, 11, 0, 14, 0] + Array("forged\0".utf8) + [0]
        #expect(try KernelEvent(Attributes(alert[...])).notice == TapNotice(kind: .alert, text: "forged"))
        let plain: [UInt8] = [5, 0, 12, 0, 3, 0, 0, 0, 5, 0, 13, 0, 7, 0, 0, 0]
        #expect(try KernelEvent(Attributes(plain[...])).notice.isExpected)
        let unknown: [UInt8] = [5, 0, 12, 0, 77, 0, 0, 0]
        #expect(throws: NetlinkMalformed.self) { try KernelEvent(Attributes(unknown[...])) }
    }

    @Test("A refusal carries the kernel's own words, whether the request comes back with it or not")
    func refusal() throws {
        let words = Array("module 7: tag_bytes 11 is below 12\0".utf8)
        let extack: [UInt8] = [UInt8(words.count + 4), 0, 1, 0] + words + [0]  // NLMSGERR_ATTR_MSG
        let header: [UInt8] = [28, 0, 0, 0, 0x22, 0, 5, 0, 9, 0, 0, 0, 0, 0, 0, 0]  // of a request of 28 bytes
        let error: [UInt8] = [0xea, 0xff, 0xff, 0xff]  // -EINVAL
        let capped = NetlinkMessage(type: 2, flags: 0x300, sequence: 9, body: (error + header + extack)[...])
        let full = NetlinkMessage(
            type: 2, flags: 0x200, sequence: 9,
            body: (error + header + [UInt8](repeating: 0xcc, count: 12) + extack)[...])
        for message in [capped, full] {
            guard case .refused(let refusal) = try NetlinkReply(message, family: 0x22) else {
                Issue.record("not a refusal")
                return
            }
            #expect(refusal == NetlinkRefusal(errno: 22, text: "module 7: tag_bytes 11 is below 12"))
            let error = TapError.refused(request: "modules of a table", text: refusal.text, errno: refusal.errno)
            #expect(
                error.description
                    == "the kernel tap refused modules of a table: module 7: tag_bytes 11 is below 12: Invalid argument"
            )
        }
        let missing = NetlinkMessage(
            type: 2, flags: 0x300, sequence: 9, body: (error + header + [8, 0, 5, 0, 3, 0, 0, 0])[...])
        guard case .refused(let refusal) = try NetlinkReply(missing, family: 0x22) else {
            Issue.record("not a refusal")
            return
        }
        #expect(refusal.text == "(attribute 3 is missing)")
    }

    @Test("Acknowledgements, ends of dumps and what interrupts them are told apart")
    func control() throws {
        let header = [UInt8](repeating: 0, count: 16)
        let zero: [UInt8] = [0, 0, 0, 0]
        guard
            case .acknowledged = try NetlinkReply(
                NetlinkMessage(type: 2, flags: 0x100, sequence: 1, body: (zero + header)[...]), family: 34)
        else { throw Failure("an acknowledgement") }
        guard
            case .done(interrupted: true) = try NetlinkReply(
                NetlinkMessage(type: 3, flags: 0x12, sequence: 1, body: zero[...]), family: 34)
        else { throw Failure("the end of an interrupted dump") }
        let error: [UInt8] = [0xfe, 0xff, 0xff, 0xff]
        guard
            case .refused(let refusal) = try NetlinkReply(
                NetlinkMessage(type: 3, flags: 2, sequence: 1, body: error[...]), family: 34),
            refusal.errno == 2
        else { throw Failure("a dump that ends with an error") }
        guard
            case .data(command: 1, let attributes, interrupted: false) = try NetlinkReply(
                NetlinkMessage(
                    type: 34, flags: 2, sequence: 1, body: ([1, 1, 0, 0] + Golden.status.flatMap { $0 })[...]),
                family: 34)
        else { throw Failure("an answer") }
        #expect(try KernelStatus(attributes).generation == Generation(9))
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ what: String) { description = "not read as \(what)" }
    }

    @Test("Several messages of one datagram come apart as they were put together")
    func datagram() throws {
        let first = NetlinkMessage(type: 34, flags: 2, sequence: 5, port: 77, body: [1, 2, 3][...])
        let second = NetlinkMessage(type: 3, flags: 2, sequence: 5, body: [0, 0, 0, 0][...])
        let bytes = first.encoded + [0] + second.encoded  // padded to 4 between the two
        let messages = try NetlinkMessage.all(in: bytes)
        #expect(messages.map { Array($0.body) } == [[1, 2, 3], [0, 0, 0, 0]])
        #expect(messages.map(\.port) == [77, 0])
    }
}

import Foundation
import L45Model
import NIOCore
import SwiftProtobuf
import Testing

@testable import ControlChannel

@Suite("Messages on the wire")
struct WireTests {
    @Test("Every message comes back as it went", arguments: 0..<200)
    func roundTrip(seed: Int) throws {
        var random = Seeded(UInt64(seed))
        for message in Sample.agentMessages(&random) {
            let inbound = try WireAgentFrame.decode(payload(try EncodedFrame(message)))
            if case .hello(let hello) = message {
                #expect(inbound == .hello(hello, protocols: ChannelProtocol.versions))
            } else {
                #expect(inbound == .message(message))
            }
        }
        for message in Sample.orchestratorMessages(&random) {
            #expect(try WireOrchestratorFrame.decode(payload(try EncodedFrame(message))) == .message(message))
        }
    }

    @Test("A table keeps its content digest across the wire")
    func digest() throws {
        var random = Seeded(9)
        let table = Sample.table(&random, modules: 5)
        guard case .message(.set(let back)) = try WireOrchestratorFrame.decode(payload(try EncodedFrame(.set(table))))
        else { throw Unexpected("no table came back") }
        #expect(try back.contentDigest() == table.contentDigest())
    }

    @Test("A path table that says something impossible is told apart from one that is none, and names its field")
    func badPaths() throws {
        var random = Seeded(4)
        let table = Sample.pathTable(&random)
        func why(_ change: (inout WirePathTable) -> Void) throws -> String {
            var frame = WireOrchestratorFrame(.setPaths(table))
            change(&frame.setPaths)
            let bytes = ByteBuffer(bytes: try frame.serializedBytes() as [UInt8])
            guard case .message(.pathsInvalid(let generation, let why)) = try WireOrchestratorFrame.decode(bytes) else {
                throw Unexpected("it was taken")
            }
            #expect(generation == table.generation)
            return why
        }
        #expect(try why { $0.paths[1].probe = "10.0.0.0/8" }.contains("paths[1].probe: 10.0.0.0/8 is a block"))
        #expect(try why { $0.paths[0].port = 0 }.contains("paths[0].port: 0 where 1 to 65535"))
        #expect(try why { $0.paths[0].policy.retestEveryMs = 1 }.contains("policy.retest_every_ms"))
        #expect(
            try why { $0.paths[0].policy.treatments[0].subject = .UNRECOGNIZED(77) }.contains("value 77 is not known"))
        #expect(try why { $0.paths[1] = $0.paths[0] }.contains("stands in it twice"))
        #expect(try why { $0.answers[0].openers = ["x"] }.contains("answers[0].openers: 'x' is no address block"))
        #expect(try why { $0.accepted[0].opener = "x" }.contains("accepted[0].opener"))
    }

    @Test("Keys of another length, an epoch twice, two keys to sign with, or a tag that is none are refused by name")
    func badKeys() throws {
        var random = Seeded(5)
        let sample = Sample.pathKeys(&random)
        func why(_ change: (inout WirePathKeys) -> Void) throws -> String {
            var frame = WireOrchestratorFrame(.pathKeys(sample))
            change(&frame.pathKeys)
            let bytes: [UInt8] = try frame.serializedBytes()
            let error = #expect(throws: ChannelRefusal.self) {
                _ = try WireOrchestratorFrame.decode(ByteBuffer(bytes: bytes))
            }
            return error?.text ?? ""
        }
        #expect(
            try why { $0.entries[0].keys[0].secret = Data(repeating: 0x5a, count: 15) }
                .contains("path_keys.entries[0].keys[0].secret: 15 bytes where 16"))
        #expect(
            try why {
                $0.entries[1].opens = false
                $0.entries[1].keys = [$0.entries[1].keys[0], $0.entries[1].keys[0]]
            }.contains("entries[1].keys: an epoch stands in it twice"))
        #expect(
            try why {
                $0.entries[1].opens = true
                $0.entries[1].keys = [$0.entries[1].keys[0], $0.entries[1].keys[0]]
            }.contains("entries[1].keys: 2 entries where 1 are allowed"))
        #expect(try why { $0.tag = "x" }.contains("tag: 1 bytes where 32 hex digits"))
        #expect(try why { $0.entries[0].probe = "x" }.contains("probe: 'x' is no address block"))
        // What is wrong with a key is told without the key.
        #expect(!(try why { $0.entries[0].keys[0].secret = Data(repeating: 0x5a, count: 15) }.contains("5a")))
    }

    @Test("An exchange that says more than a SYN can is refused")
    func badExchanges() throws {
        let good = PathExchange(
            path: PathName("wan/10.2.0.0/24"), opener: Sample.device, at: Timestamp(1), syn: [0x45])
        var frame = WireAgentFrame(.pathExchanges(PathExchanges(sent: [good], arrived: [good])))
        frame.pathExchanges.arrived[0].syn = Data(repeating: 1, count: 121)
        try expectMalformed(frame, "path_exchanges.arrived[0].syn: 121 bytes where 120")
        frame = WireAgentFrame(.pathExchanges(PathExchanges(sent: [good])))
        frame.pathExchanges.sent[0].status = 8
        try expectMalformed(frame, "path_exchanges.sent[0].status: 8 where 0 to 7")
        frame = WireAgentFrame(.pathExchanges(PathExchanges(sent: Array(repeating: good, count: 257))))
        try expectMalformed(frame, "path_exchanges.sent: 257 entries where 256")
    }

    @Test("An agent that knows no paths says none, and is understood")
    func oldAgent() throws {
        let old = AgentHello(facts: DeviceFacts(name: "old"), bootID: "b", ledgerGeneration: Generation(1))
        guard case .hello(let hello, _) = try WireAgentFrame.decode(payload(try EncodedFrame(.hello(old)))) else {
            throw Unexpected("no hello")
        }
        #expect(hello.pathGeneration == nil && hello.pathKeysTag == nil)
    }

    @Test("A table that says something impossible is named down to its field")
    func badTables() throws {
        var random = Seeded(3)
        let table = Sample.table(&random, modules: 2, generation: 7)
        try expectInvalid(table, "modules[1].plan.flow: 0 bytes") { $0.modules[1].plan.flow = "" }
        try expectInvalid(table, "modules[0].state: it is missing") { $0.modules[0].state = .unspecified }
        try expectInvalid(table, "modules[0].state: value 99 is not known") { $0.modules[0].state = .UNRECOGNIZED(99) }
        try expectInvalid(table, "modules[0].plan: it is missing") { $0.modules[0].clearPlan() }
        try expectInvalid(table, "dialect_secret: 31 bytes where 32") {
            $0.modules[0].plan.dialectSecret = Data(repeating: 1, count: 31)
        }
        try expectInvalid(table, "tap_socket.local.block: '10.0.0.1/8' is no address block") {
            $0.modules[0].plan.tapSocket.local.block = "10.0.0.1/8"
        }
        try expectInvalid(table, "tap_socket.local.port: 65536") { $0.modules[0].plan.tapSocket.local.port = 65_536 }
        try expectInvalid(table, "dialect.tag_bytes: 65 where 12 to 64") {
            $0.modules[0].plan.dialect.stream.frameBytes = 1000
            $0.modules[0].plan.dialect.stream.tagBytes = 65
        }
        try expectInvalid(table, "dialect.kind: it is missing") { $0.modules[0].plan.dialect = WireDialect() }
        try expectInvalid(table, "delay_us: 10000001") { $0.modules[0].plan.delayUs = 10_000_001 }
        try expectInvalid(table, "modules: module") { $0.modules[1].plan.id = $0.modules[0].plan.id }
        try expectInvalid(table, "process: 17 bytes") {
            $0.modules[0].plan.tapSocket.process = String(repeating: "a", count: 17)
        }
        try expectInvalid(table, "intent: it holds a control character") { $0.modules[0].plan.intent = "a\u{0}b" }
        try expectInvalid(table, "device: a device id is 32") { $0.device = "../../etc/passwd" }
    }

    @Test("A report that would make later sums overflow is refused")
    func badReports() throws {
        var random = Seeded(4)
        var report = Sample.report(&random)
        while report.modules.isEmpty { report = Sample.report(&random) }
        var frame = WireAgentFrame(.report(report))
        frame.report.modules[0].statistics.bytesSent = .max
        try expectMalformed(frame, "report.modules[0].statistics.bytes_sent")
        frame = WireAgentFrame(.report(report))
        frame.report.takenAtMs = .max
        try expectMalformed(frame, "report.taken_at_ms")
        frame = WireAgentFrame(.report(report))
        frame.report.generation = .max
        try expectMalformed(frame, "report.generation")
        frame = WireAgentFrame(.artifactWanted(ArtifactReference(digest: Sample.digest, bytes: 10), offset: 11))
        try expectMalformed(frame, "artifact_wanted.offset: 11 where 0 to 10")
    }

    @Test("A field and a message of a newer version are ignored")
    func newer() throws {
        // Field 99, length-delimited, in the frame and nothing else: a kind of message not known here.
        let unknown = ByteBuffer(bytes: [0x9a, 0x06, 0x01, 0x00])
        #expect(try WireAgentFrame.decode(unknown) == .unknown)
        #expect(try WireOrchestratorFrame.decode(unknown) == .unknown)
        // A known message with a field 99 in it.
        let welcome = OrchestratorMessage.welcome(Sample.device, reportEvery: .seconds(1))
        var inner: [UInt8] = try WireOrchestratorFrame(welcome).welcome.serializedBytes()
        inner += [0x98, 0x06, 0x2a]
        let frame = ByteBuffer(bytes: [0x0a, UInt8(inner.count)] + inner)
        #expect(try WireOrchestratorFrame.decode(frame) == .message(welcome))
    }

    @Test("Every refusal keeps its code and text across the wire", arguments: ChannelRefusal.Code.allCases)
    func refusals(code: ChannelRefusal.Code) {
        let refusal = ChannelRefusal(code, "because")
        #expect(WireRefusal(refusal).value == refusal)
        #expect(WireRenewalRefused(refusal).value == refusal)
    }

    private func payload(_ frame: EncodedFrame) -> ByteBuffer {
        var bytes = frame.bytes
        bytes.moveReaderIndex(forwardBy: Frame.prefixBytes)
        return bytes
    }

    private func expectInvalid(
        _ table: DeviceTable, _ text: String, _ spoil: (inout WireDeviceTable) -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var frame = WireOrchestratorFrame(.set(table))
        spoil(&frame.set)
        let bytes: [UInt8] = try frame.serializedBytes()
        let inbound = try WireOrchestratorFrame.decode(ByteBuffer(bytes: bytes))
        guard case .tableInvalid(table.generation, let why) = inbound else {
            Issue.record("taken: \(inbound)", sourceLocation: sourceLocation)
            return
        }
        #expect(why.contains(text), "\(why)", sourceLocation: sourceLocation)
    }

    private func expectMalformed(
        _ frame: WireAgentFrame, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let bytes: [UInt8] = try frame.serializedBytes()
        let error = #expect(throws: ChannelRefusal.self, sourceLocation: sourceLocation) {
            _ = try WireAgentFrame.decode(ByteBuffer(bytes: bytes))
        }
        #expect(error?.code == .frameMalformed, sourceLocation: sourceLocation)
        #expect(error?.text.contains(text) == true, "\(error?.text ?? "")", sourceLocation: sourceLocation)
    }
}

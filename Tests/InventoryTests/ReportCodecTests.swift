import Foundation
import L45Model
import Testing

@testable import Inventory

@Suite("Packed reports")
struct ReportCodecTests {
    private func full() -> DeviceReport {
        var statistics = ModuleStatistics()
        statistics.messagesSent = 1
        statistics.messagesReceived = 200
        statistics.bytesSent = .max
        statistics.bytesReceived = 1 << 63
        statistics.skipped = 127
        statistics.passedPlain = 128
        statistics.dropped = 16_384
        statistics.forged = 9
        let module = ModuleReport(
            id: ModuleID(.max), state: .deprecated, enforcing: true, sockets: 4, streamsInDialect: 5,
            streamsLeftPlain: 6, activeAt: Timestamp(.max), sentAt: Timestamp(-1), receivedAt: Timestamp(.min),
            statistics: statistics, filledIn: ["udp ü", ""])
        return DeviceReport(
            device: deviceID(1), takenAt: noon, bootID: "boot", tap: .simulated, generation: Generation(.max),
            tableDigest: Digest(of: Data()), modules: [module, ModuleReport(id: ModuleID(1), state: .standby)],
            processes: 3, problems: ["a", "b"])
    }

    @Test("A report with every field set comes back as it was")
    func roundTrip() throws {
        #expect(try ReportCodec.decode(ReportCodec.encode(full()), of: deviceID(1)) == full())
        var bare = full()
        bare.tableDigest = nil
        bare.modules = []
        #expect(try ReportCodec.decode(ReportCodec.encode(bare), of: deviceID(1)) == bare)
    }

    // A field that the codec does not know would be lost in silence: whoever adds one meets this test.
    @Test("The codec knows every field that a report has")
    func everyField() throws {
        let report = full()
        #expect(Mirror(reflecting: report).children.count == 9)
        #expect(Mirror(reflecting: report.modules[0]).children.count == 11)
        #expect(Mirror(reflecting: report.modules[0].statistics).children.count == 8)
    }

    @Test("Bytes cut short, bytes too many and wild counts are errors, never a wrong report")
    func damaged() throws {
        let bytes = ReportCodec.encode(full())
        for length in 0..<bytes.count {
            #expect(throws: PackedError.self) { try ReportCodec.decode(bytes.prefix(length), of: deviceID(1)) }
        }
        #expect(throws: PackedError.self) { try ReportCodec.decode(bytes + [0], of: deviceID(1)) }
        let wild = Data([1] + Array(repeating: 0xff, count: 40))
        #expect(throws: PackedError.self) { try ReportCodec.decode(wild, of: deviceID(1)) }
        #expect(try ReportCodec.decode(Data([2, 9, 9]), of: deviceID(1)) == nil)
    }
}

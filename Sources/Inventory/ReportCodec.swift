import Foundation
import L45Model

/// A device report in bytes: a tenth of the time and a third of the size of its JSON, for 10,000 devices that report
/// every few seconds.
///
/// The first byte is the layout's number. A report in another layout reads as none: the next one is seconds away.
enum ReportCodec {
    static let layout: UInt8 = 1

    static func encode(_ report: DeviceReport) -> Data {
        var out = PackedWriter()
        out.byte(layout)
        out.signed(report.takenAt.rawValue)
        out.text(report.bootID)
        out.text(report.tap.rawValue)
        out.unsigned(report.generation.rawValue)
        out.text(report.tableDigest?.hex ?? "")
        out.signed(Int64(report.processes))
        out.texts(report.problems)
        out.unsigned(UInt64(report.modules.count))
        for module in report.modules { encode(module, to: &out) }
        return out.data
    }

    private static func encode(_ module: ModuleReport, to out: inout PackedWriter) {
        out.unsigned(module.id.rawValue)
        out.byte(module.state.code)
        out.byte(module.enforcing ? 1 : 0)
        out.signed(Int64(module.sockets))
        out.signed(Int64(module.streamsInDialect))
        out.signed(Int64(module.streamsLeftPlain))
        out.signed(module.activeAt.rawValue)
        out.signed(module.sentAt.rawValue)
        out.signed(module.receivedAt.rawValue)
        let counts = module.statistics
        out.unsigned(counts.messagesSent)
        out.unsigned(counts.messagesReceived)
        out.unsigned(counts.bytesSent)
        out.unsigned(counts.bytesReceived)
        out.unsigned(counts.skipped)
        out.unsigned(counts.passedPlain)
        out.unsigned(counts.dropped)
        out.unsigned(counts.forged)
        out.texts(module.filledIn)
    }

    /// - Returns: nil for another layout.
    /// - Throws: when the bytes end early, go on past the end, or say what no report says.
    static func decode(_ data: Data, of device: DeviceID) throws(PackedError) -> DeviceReport? {
        var bytes = PackedReader(data)
        guard try bytes.byte() == layout else { return nil }
        let takenAt = Timestamp(try bytes.signed())
        let bootID = try bytes.text()
        guard let tap = TapKind(rawValue: try bytes.text()) else { throw PackedError.value("tap") }
        let generation = Generation(try bytes.unsigned())
        let digest = try bytes.text()
        let processes = Int(try bytes.signed())
        let problems = try bytes.texts()
        var modules: [ModuleReport] = []
        for _ in 0..<(try bytes.count()) { modules.append(try module(&bytes)) }
        guard bytes.atEnd else { throw PackedError.value("end") }
        return DeviceReport(
            device: device, takenAt: takenAt, bootID: bootID, tap: tap, generation: generation,
            tableDigest: digest.isEmpty ? nil : Digest(hex: digest), modules: modules, processes: processes,
            problems: problems)
    }

    private static func module(_ bytes: inout PackedReader) throws(PackedError) -> ModuleReport {
        let id = ModuleID(try bytes.unsigned())
        guard let state = ModuleState(code: try bytes.byte()) else { throw PackedError.value("state") }
        var module = ModuleReport(id: id, state: state)
        module.enforcing = try bytes.byte() == 1
        module.sockets = Int(try bytes.signed())
        module.streamsInDialect = Int(try bytes.signed())
        module.streamsLeftPlain = Int(try bytes.signed())
        module.activeAt = Timestamp(try bytes.signed())
        module.sentAt = Timestamp(try bytes.signed())
        module.receivedAt = Timestamp(try bytes.signed())
        module.statistics.messagesSent = try bytes.unsigned()
        module.statistics.messagesReceived = try bytes.unsigned()
        module.statistics.bytesSent = try bytes.unsigned()
        module.statistics.bytesReceived = try bytes.unsigned()
        module.statistics.skipped = try bytes.unsigned()
        module.statistics.passedPlain = try bytes.unsigned()
        module.statistics.dropped = try bytes.unsigned()
        module.statistics.forged = try bytes.unsigned()
        module.filledIn = try bytes.texts()
        return module
    }
}

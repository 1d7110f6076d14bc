import Foundation
import Testing

/// The model of the rotation (`Models/rotation`) is proved over its own `decide`; `scripts/check-model` holds that against
/// these files, and this suite holds the files against the code.
@Suite("The table of transitions")
struct TransitionTableTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Models/rotation")

    /// With L45_WRITE_TRANSITIONS set, the files are written anew instead.
    @Test("The code decides, row by row, what the model was proved with", arguments: [(2, 1), (3, 2), (3, 1)])
    func table(devices: Int, clients: Int) throws {
        let rows = TransitionTable(devices: devices, clients: clients).rows()
        let file = Self.folder.appendingPathComponent("transitions-\(devices)-\(clients).txt")
        if ProcessInfo.processInfo.environment["L45_WRITE_TRANSITIONS"] != nil {
            try Data((rows.joined(separator: "\n") + "\n").utf8).write(to: file)
        }
        let kept = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(rows.count > 100)
        for (row, keptRow) in zip(rows, kept) where row != keptRow {
            Issue.record("the code decides '\(row)', the model's table has '\(keptRow)'")
            break
        }
        #expect(rows.count == kept.count)
    }
}

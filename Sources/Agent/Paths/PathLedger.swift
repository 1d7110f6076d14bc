import HiccupsGuard
import L45Model

/// What the device was last told of paths, and the gates that it had when it last rested: kept over restarts.
struct PathLedger: Hashable, Codable, Sendable {
    var table: PathTable
    /// By path; those that have none are left out.
    var held: [String: GateWish]

    /// On disk, beside the ledger of the modules.
    static func file(folder: String) -> CheckedFile<PathLedger> {
        CheckedFile(
            path: "\(folder)/paths", title: "l45-paths", format: "1", noun: "ledger of paths", bytesMax: 64 << 20,
            consequence: "the device waits for its paths; gates that it had end by themselves")
    }
}

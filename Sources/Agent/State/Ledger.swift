package import L45Model

/// What the device was last told to be and has taken on: kept over restarts, the fence against older tables.
package struct Ledger: Hashable, Codable, Sendable {
    package var table: DeviceTable
    package var takenAt: Timestamp

    package init(table: DeviceTable, takenAt: Timestamp) {
        self.table = table
        self.takenAt = takenAt
    }
}

import Inventory
package import L45Model

/// The key that opens an orchestrator's state.
package enum KeyStore {
    /// Puts another key in the place of the one in use, while no orchestrator runs on the folder.
    /// - Parameter new: where the new one is; nil: a new `root.key`, where the present one is that file.
    /// - Throws: `InventoryError`; the key in use then still opens the state.
    package static func rotate(
        folder: String, key: KeyPlace?, to new: KeyPlace?, by caller: Caller, now: Timestamp
    ) throws {
        let inventory = try Inventory(folder: folder, key: key?.source)
        let slot = AuditSlot(
            caller: caller, verb: "rotate-key", objects: ["key/\(new.map(\.description) ?? "root.key")"], at: now)
        try AuditSlot.$current.withValue(slot) {
            var rotation = KeyRotation(inventory, to: new?.source)
            try rotation.finish()
        }
        try inventory.close()
    }
}

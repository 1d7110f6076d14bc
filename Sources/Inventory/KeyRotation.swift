import Foundation
import GRDB
import L45Model

/// Puts another wrapping key in the place of the one in use. After every step, and so after a crash between any two, the key
/// that is in place opens the CIB.
///
/// 1. The new key is written beside the old one. (A source that is not our file has it already.)
/// 2. The data key is wrapped by both.
/// 3. The new key takes the old one's place. (Where it is not our file, whoever runs the orchestrator names the new source.)
/// 4. The old wrapping is forgotten; for another source, at the first start with it.
package struct KeyRotation {
    package enum Step: CaseIterable, Sendable { case write, wrap, place, forget }

    private let inventory: Inventory
    /// nil: the file in the state folder.
    private let source: KeySource?
    private var key: SecretBytes?
    private var number: Int64?
    private var left = Step.allCases[...]

    /// - Parameter source: where the new key is; nil: the file `root.key`, with a new key.
    package init(_ inventory: Inventory, to source: KeySource? = nil) {
        self.inventory = inventory
        self.source = source
    }

    /// Does the next step.
    /// - Returns: false when all are done.
    package mutating func step() throws(InventoryError) -> Bool {
        guard let next = left.popFirst() else { return false }
        switch next {
        case .write:
            if let source {
                key = try source.read()
            } else {
                let made = SecretBytes(randomCount: KeySource.keyBytes)
                try inventory.folder.writeNextKey(made)
                key = made
            }
        case .wrap:
            guard let key else { return false }
            let inventory = inventory
            number = try inventory.write("wrap the key anew") { db in
                try KeyEnvelope.wrap(inventory.rootSecret.storage, with: key, in: db)
            }
        case .place:
            if source == nil { try inventory.folder.placeNextKey() }
        case .forget:
            guard source == nil, let number else { return false }
            try inventory.write("forget the old key") { try KeyEnvelope.forget(before: number, in: $0) }
            try inventory.emptyLog()
        }
        return !left.isEmpty
    }

    package mutating func finish() throws(InventoryError) { while try step() {} }
}

extension Inventory {
    /// What was overwritten in the database must not live on in its log.
    func emptyLog() throws(InventoryError) {
        do {
            _ = try pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        } catch { throw explain(error, "empty the log") }
    }
}

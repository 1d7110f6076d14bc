import Foundation
import Inventory
import L45Model

/// The secret that the keys of all paths derive from: made once, kept in the CIB, sealed.
///
/// Apart from the orchestrator's root key, so that it can be replaced without a rotation of every dialect.
enum PathRoot {
    private static let name = "paths.root"
    private static let bytes = 32

    static func secret(in inventory: Inventory) throws(InventoryError) -> Secret {
        if let stored = try inventory.sealed(name) { return Secret(Array(stored)) }
        var generator = SystemRandomNumberGenerator()
        let secret = Secret((0..<bytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
        try inventory.seal(name, Data(secret.bytes))
        return secret
    }
}

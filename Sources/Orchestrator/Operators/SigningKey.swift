import ControlChannel
import Foundation
import Inventory
import L45Model

/// The key that signs what devices are to run: in the CIB, sealed.
enum SigningKey {
    private static let name = "signing.key"

    /// The key that the CIB holds, or a new one that it holds from now on.
    static func secret(in inventory: Inventory) throws -> Secret {
        if let stored = try inventory.sealed(name) { return Secret(Array(stored)) }
        let key = TableSigner.newKey()
        try inventory.seal(name, Data(key.bytes))
        return key
    }
}

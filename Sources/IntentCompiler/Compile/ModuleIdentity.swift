import Crypto
import Foundation
import L45Model

/// The names and keys of one flow's modules, all derived: a restart or a restore makes the same ones again.
struct ModuleIdentity {
    let intent: IntentName
    let flow: FlowName
    let epoch: Epoch
    let keys: Keys

    /// What every derivation begins with, made once: the extraction of HKDF, half of its work.
    struct Keys {
        fileprivate let pseudoRandomKey: SymmetricKey

        init(_ rootSecret: Secret) {
            let key = HKDF<SHA256>.extract(
                inputKeyMaterial: SymmetricKey(data: rootSecret.bytes), salt: [UInt8]())
            pseudoRandomKey = SymmetricKey(data: Array(key))
        }
    }

    /// First 8 bytes of SHA-256 over intent, flow, epoch, role and device.
    func moduleID(_ role: ModulePlan.Role, _ device: DeviceID) -> ModuleID {
        let digest = SHA256.hash(data: encoded("l45 module", role.rawValue, device.rawValue))
        return ModuleID(digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// Shared by both ends of the flow; another one in each epoch.
    func dialectSecret() -> Secret { derive(encoded("l45 dialect")) }

    /// Known to the orchestrator and this one module (seed 2.3).
    func initKey(_ role: ModulePlan.Role, _ device: DeviceID) -> Secret {
        derive(encoded("l45 init key", role.rawValue, device.rawValue))
    }

    private func derive(_ info: [UInt8]) -> Secret {
        let key = HKDF<SHA256>.expand(pseudoRandomKey: keys.pseudoRandomKey, info: info, outputByteCount: 32)
        return Secret(key.withUnsafeBytes { Array($0) })
    }

    /// Each part with its length before it (u32, big endian), so that no two lists of parts give the same bytes.
    private func encoded(_ purpose: String, _ more: String...) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(192)
        for part in [purpose, intent.rawValue, flow.rawValue] + more { Self.append(part.utf8, to: &bytes) }
        Self.append((0..<4).map { UInt8(truncatingIfNeeded: epoch.rawValue >> (24 - 8 * $0)) }, to: &bytes)
        return bytes
    }

    private static func append(_ part: some Collection<UInt8>, to bytes: inout [UInt8]) {
        let count = UInt32(part.count)
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
        bytes.append(contentsOf: part)
    }
}

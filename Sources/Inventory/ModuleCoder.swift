import Crypto
import Foundation
import L45Model
import Synchronization

/// Takes a module plan apart into what many devices share (its shape: everything but id and secrets, in the clear) and
/// what is its own (two secrets, sealed).
///
/// Why: 10,000 devices have few shapes. A plan is 660 bytes of JSON and 37 us to encode; a known shape costs one
/// look-up.
final class ModuleCoder: Sendable {
    struct Shape: Hashable, Sendable {
        /// SHA-256 of `json`.
        let digest: Data
        let json: Data
    }

    /// A module as it is stored.
    struct Coded: Sendable {
        let key: ModuleKey
        let id: ModuleID
        let shape: Shape
        /// Dialect secret and init key, not yet sealed.
        let secrets: Data
    }

    static let shapesRememberedMax = 20_000

    private let sealer: Sealer
    private let remembered = Mutex<[ModulePlan: Shape]>([:])

    init(sealer: Sealer) { self.sealer = sealer }

    func encode(_ plan: ModulePlan, on device: DeviceID) throws -> Coded {
        let shape = try shape(of: plan)
        let secrets = Self.pack(plan)
        var content = Self.row(device, plan.id, shape.digest)
        content.append(secrets)
        return Coded(key: sealer.name(of: content), id: plan.id, shape: shape, secrets: secrets)
    }

    func seal(_ coded: Coded, on device: DeviceID) throws -> Data {
        try sealer.seal(coded.secrets, row: Self.row(device, coded.id, coded.shape.digest))
    }

    /// The plan again.
    /// - Parameter shape: decoded by `decode(shape:digest:)`.
    func open(_ sealed: Data, on device: DeviceID, id: ModuleID, shape: ModulePlan, digest: Data) throws -> ModulePlan {
        let secrets = try sealer.open(sealed, row: Self.row(device, id, digest))
        guard let dialectBytes = secrets.first.map(Int.init), secrets.count > dialectBytes else {
            throw CryptoKitError.incorrectParameterSize
        }
        var plan = shape
        plan.id = id
        plan.dialectSecret = Secret(Array(secrets.dropFirst().prefix(dialectBytes)))
        plan.initKey = Secret(Array(secrets.dropFirst(1 + dialectBytes)))
        return plan
    }

    /// - Throws: when the JSON is not the digest's, or no plan.
    static func decode(shape json: Data, digest: Data) throws -> ModulePlan {
        guard Data(SHA256.hash(data: json)) == digest else { throw CryptoKitError.authenticationFailure }
        return try CanonicalJSON.decode(ModulePlan.self, from: json)
    }

    private func shape(of plan: ModulePlan) throws -> Shape {
        var template = plan
        template.id = ModuleID(0)
        template.dialectSecret = Secret([])
        template.initKey = Secret([])
        if let known = remembered.withLock({ $0[template] }) { return known }
        let json = try CanonicalJSON.encode(template)
        let shape = Shape(digest: Data(SHA256.hash(data: json)), json: json)
        remembered.withLock {
            if $0.count >= Self.shapesRememberedMax { $0.removeAll() }
            $0[template] = shape
        }
        return shape
    }

    /// Length of the dialect secret in one byte, the secret, the init key. Both have 32 bytes (`ModulePlan`).
    private static func pack(_ plan: ModulePlan) -> Data {
        let dialect = plan.dialectSecret.bytes.prefix(255)
        var data = Data(capacity: 1 + dialect.count + plan.initKey.bytes.count)
        data.append(UInt8(dialect.count))
        data.append(contentsOf: dialect)
        data.append(contentsOf: plan.initKey.bytes)
        return data
    }

    private static func row(_ device: DeviceID, _ id: ModuleID, _ shape: Data) -> Data {
        var data = Data("module\0".utf8)
        data.append(contentsOf: device.rawValue.utf8)
        data.append(0)
        withUnsafeBytes(of: id.rawValue.bigEndian) { data.append(contentsOf: $0) }
        data.append(shape)
        return data
    }
}

/// A challenge to one module, sealed: whoever relays it can not read it (seed 2.3).
package struct ModuleChallenge: Hashable, Sendable {
    package var module: ModuleID
    /// Of this asking; the answer says it back.
    package var number: UInt64
    /// `[nonce 12][sealed challenge, 8..64][tag 16]`, see `l45_core.h`.
    package var sealed: [UInt8]

    /// Lengths of `sealed`, in bytes.
    package static let sealedBytes = 36...92

    package init(module: ModuleID, number: UInt64, sealed: [UInt8]) {
        self.module = module
        self.number = number
        self.sealed = sealed
    }
}

/// What a module of a tap answers to a challenge. The agent relays it and can not read it.
package struct TapAnswer: Hashable, Sendable {
    /// `[nonce 12][sealed challenge | module id][tag 16]`, see `l45_check_answer` in l45_core.h.
    package var bytes: [UInt8]
    /// Drawn by the tap when its chains of keys began.
    package var life: UInt64

    package init(bytes: [UInt8], life: UInt64) {
        self.bytes = bytes
        self.life = life
    }
}

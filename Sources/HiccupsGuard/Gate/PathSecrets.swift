package import L45Model

/// Where a prober finds the keys of paths, and to whom it tells what came of them.
package protocol PathSecrets: Sendable {
    /// What a path's probes are to be signed with now.
    func signing(_ path: String) -> PathSigning
    /// The exchange number, by a clock that both ends have in common.
    func slot() -> UInt64
    /// A look at a path is over.
    ///
    /// - Parameters:
    ///   - integrity: how it was protected; the caller knows since when.
    ///   - exchanges: each SYN that was answered.
    func looked(_ path: String, _ integrity: PathIntegrity, _ exchanges: [ProbeExchange])
}

/// What a path's probes are signed with.
package enum PathSigning: Hashable, Sendable {
    case keyed(PathKey, epoch: UInt64)
    /// There is no key, and why.
    case plain(String)
}

/// One SYN as it left, and which of its fragments the far end found right, as far as the answer may be believed.
package struct ProbeExchange: Hashable, Sendable {
    package let syn: HandshakePacket
    package let status: PerCarrier<Bool>?
    /// Of the key that it was sealed with.
    package let epoch: UInt64?

    package init(syn: HandshakePacket, status: PerCarrier<Bool>?, epoch: UInt64?) {
        self.syn = syn
        self.status = status
        self.epoch = epoch
    }
}

/// How the SYNs of one look are sealed.
package struct ProbeSeal: Sendable {
    package var key: PathKey?
    package var slot: (@Sendable () -> UInt64)?
    package var answered: (@Sendable (HandshakePacket, ReplyReading) -> Void)?

    /// By the public functions.
    package init() {}

    func apply(to options: inout ProbeOptions) {
        options.key = key
        if let slot { options.slot = slot }
        options.answered = answered
    }
}

package import HiccupsGuard

/// What guards touch of the world, so that a test may put something else there.
package struct PathSeams: Sendable {
    package var prober: any PathProber
    package var meter: any PathMeter
    package var keeper: GateKeeper
    /// Answers others on the ports that the path table names.
    package var answers: Bool

    package init(prober: any PathProber, meter: any PathMeter, keeper: GateKeeper, answers: Bool) {
        self.prober = prober
        self.meter = meter
        self.keeper = keeper
        self.answers = answers
    }

    /// Packet sockets, test transfers, nftables and routes of this network namespace.
    package static var system: PathSeams {
        PathSeams(prober: EngineProber(), meter: TransferMeter(), keeper: GateKeeper(), answers: true)
    }
}

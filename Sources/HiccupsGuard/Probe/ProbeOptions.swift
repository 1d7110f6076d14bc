private import Glibc

/// How paths are probed.
package struct ProbeOptions: Sendable {
    package var strategy = Interrogation.Strategy.mixed
    /// In place of an interrogation: one exchange under each of these types.
    package var covers: [Coverage] = []
    /// How long one SYN is waited for; ``Interrogation/silencesMax`` of them in a row end the interrogation.
    package var timeout = Duration.seconds(1)
    /// SYNs per second over all targets.
    package var rate = 1000
    /// Paths under way at a time. Each takes about ``ProbeMachine/flowBytes`` of memory, one that waits takes none.
    package var inFlightMax = 4096
    /// Sends ECT(0), ECE and CWR, so that changes of ECN show.
    package var usesECN = false
    /// What is sent in the IP header where ECN is asked for; CE shows what becomes of marks.
    package var codepoint = ECNCodepoint.ect0
    /// One exchange more with each capable far end, under ``AppSalt`` of random data, which is then sent.
    package var usesAppSalt = false
    package var options: [TCPOption] = ProbeTrial.standard.options
    /// What is asked for over each path, each by an interrogation of its own; where there is none, ``options`` and ``usesECN``.
    package var trials: [ProbeTrial] = []
    /// The secret that both ends hold; nil for the public functions.
    package var key: PathKey?
    /// The exchange number that the key is used with; the far end must count alike.
    package var slot: @Sendable () -> UInt64 = { TimeSlot.current() }
    /// Told of each SYN that was answered, and what its answer says, on the probing thread.
    package var answered: (@Sendable (HandshakePacket, ReplyReading) -> Void)?

    package init() {}

    package var everyTrial: [ProbeTrial] {
        trials.isEmpty ? [ProbeTrial(options: options, usesECN: usesECN)] : trials
    }

    func functions() -> FragmentFunctions { key.map { .keyed($0, exchange: slot()) } ?? .plain }
}

/// The exchange number of keyed integrity where no control channel tells one: a slot of ``seconds`` of the wall clock. The
/// responder tries the neighbours, so clocks may differ by as much.
package enum TimeSlot {
    package static let seconds = 10

    package static func current() -> UInt64 { UInt64(max(0, time(nil) / seconds)) }
}

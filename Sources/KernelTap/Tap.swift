package import L45Model

/// What carries out a device's table on real traffic. One seam: the kernel's tap, the user-space one, a simulated one.
///
/// A tap holds what was published to it: it goes on enforcing without its agent.
package protocol Tap: Sendable {
    var kind: TapKind { get }

    /// Whether the tap can carry `table` at all. Changes nothing.
    ///
    /// Asked before the table goes into the ledger: a table that is in the ledger must be one that can be published.
    /// - Throws: `TapError.tooManyRules`, `TapError.unfit`.
    func check(_ table: DeviceTable) throws(TapError)

    /// Puts the whole table in force: all of it or, on an error, nothing. The same table again is no error.
    /// - Throws: `TapError.stale` for a generation older than the published one, `TapError.conflict` for the same one
    ///   with other content, whatever `check` throws, and `TapError.system`.
    func publish(_ table: DeviceTable) throws(TapError)

    /// What the tap does now. Frees what processes that are gone have left.
    func read() throws(TapError) -> TapReading

    /// Whether its modules can be challenged here.
    var answersChallenges: Bool { get }

    /// Has a module of the published table answer a challenge of the security check, and takes its chain of keys one step
    /// on (`l45_check_answer`). What answers is the tap: the caller can read neither challenge nor answer.
    /// - Throws: `TapError.notInTable`, `TapError.unopened` where it opens under none of the module's keys; whatever else
    ///   keeps the tap from answering.
    func answer(_ challenge: [UInt8], by module: ModuleID) throws(TapError) -> TapAnswer

    /// What the tap tells unasked, for one listener; ends with the tap.
    var notices: AsyncStream<TapNotice> { get }
}

extension Tap {
    /// Of a tap that tells nothing.
    package var notices: AsyncStream<TapNotice> { AsyncStream { $0.finish() } }
}

/// What a tap says of itself at one instant.
package struct TapReading: Hashable, Sendable {
    /// The oldest generation that a tapped call still works by; `.none` when nothing is published.
    package var inForce: Generation
    /// Content digest of the table in force; nil when there is none, or when the tap was given it by an agent that is
    /// gone and has since been given another.
    package var inForceDigest: Digest?
    /// The generation that calls which begin now work by.
    package var published: Generation
    /// Content digest of the published table; nil when nothing is.
    package var publishedDigest: Digest?
    /// The modules of the table in force, or of the published one where that of before is not known any more. Empty when
    /// the tap knows neither: it keeps rules, and the table they came from is in the agent's ledger.
    package var modules: [ModuleReport]
    /// Processes under the tap; of the kernel's, which all processes are under: names of those that have tapped sockets.
    package var processes: Int
    /// What is wrong, in words; empty when nothing is.
    package var problems: [String]

    package init(
        inForce: Generation = .none, inForceDigest: Digest? = nil, published: Generation = .none,
        publishedDigest: Digest? = nil, modules: [ModuleReport] = [], processes: Int = 0, problems: [String] = []
    ) {
        self.inForce = inForce
        self.inForceDigest = inForceDigest
        self.published = published
        self.publishedDigest = publishedDigest
        self.modules = modules
        self.processes = processes
        self.problems = problems
    }
}

package import L45Model

/// What a simulation came to.
package struct SimulationReport: Hashable, Sendable {
    package var seed: UInt64
    /// Rotations asked for, and flows seen settling on an edition that they did not have before.
    package var rotationsAsked = 0
    package var rotationsDone = 0
    /// Of those asked for, changes of level.
    package var levelsAsked = 0
    /// Datagrams that programs were given, and those of them that came in a dialect.
    package var delivered = 0
    package var deliveredTagged = 0
    /// Connections opened, bytes that programs were given over them, and those of them that came framed.
    package var streams = 0
    package var streamBytes = 0
    package var streamBytesFramed = 0
    /// Lost on the wire, by our own dice.
    package var lost = 0
    /// Not understood, where an excuse holds: a disaster that no order of steps can make good.
    package var excused = 0
    package var deaths = 0
    package var reboots = 0
    package var cuts = 0
    package var disasters = 0
    /// Tables decided, sent and put in force.
    package var decided = 0
    package var sent = 0
    package var published = 0
    /// Effects of all processes from the operator's first word until all rotations asked for were over: the points at
    /// which a process may die.
    package var effects = 0
    package var steps = 0
    package var virtualTime = Span.zero
    /// What must never be. Empty: all invariants held at every step.
    package var violations: [String] = []

    package init(seed: UInt64) { self.seed = seed }

    static let violationsMax = 20

    mutating func violate(_ text: String) {
        if violations.count < Self.violationsMax { violations.append(text) }
    }

    /// Adds another one's counts.
    package mutating func add(_ other: SimulationReport) {
        rotationsAsked += other.rotationsAsked
        rotationsDone += other.rotationsDone
        levelsAsked += other.levelsAsked
        delivered += other.delivered
        deliveredTagged += other.deliveredTagged
        streams += other.streams
        streamBytes += other.streamBytes
        streamBytesFramed += other.streamBytesFramed
        lost += other.lost
        excused += other.excused
        deaths += other.deaths
        reboots += other.reboots
        cuts += other.cuts
        disasters += other.disasters
        decided += other.decided
        sent += other.sent
        published += other.published
        effects += other.effects
        steps += other.steps
        virtualTime = .milliseconds(virtualTime.milliseconds + other.virtualTime.milliseconds)
        for violation in other.violations { violate(violation) }
    }
}

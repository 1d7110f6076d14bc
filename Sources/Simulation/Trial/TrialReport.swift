package import L45Model

/// What trials of a change came to.
package struct TrialReport: Hashable, Codable, Sendable {
    /// How long ends of one flow spoke different editions, in virtual time; plain counts as one.
    package struct Window: Hashable, Codable, Sendable {
        package var seconds: Double
        package var flow: FlowName
        package var seed: UInt64
    }

    package var seedFirst: UInt64
    package var seedsAsked: Int
    /// Stories told to their end.
    package var seedsTold = 0
    /// The time was up in the middle of a story.
    package var isCutShort = false
    /// Tried on, of how many that the change concerns, of how many in the fleet.
    package var devices: Int
    package var devicesConcerned: Int
    package var devicesAll: Int
    package var intents: Int
    package var drainBoundSeconds: Double
    /// Flows whose edition the change changes, in each story.
    package var rotations = 0
    /// Over all stories.
    package var rotationsAsked = 0
    package var rotationsDone = 0
    package var windows = 0
    package var worstWindow: Window?
    /// From the change to its end, the longest of the stories.
    package var longestSeconds = 0.0
    package var virtualSeconds = 0.0
    package var messages = 0
    package var messagesInDialect = 0
    /// Delivered while ends spoke different editions; each was decoded, or a violation says that it was not.
    package var messagesMixed = 0
    package var streamBytes = 0
    package var deaths = 0
    package var reboots = 0
    package var cuts = 0
    /// What must never be.
    package var violations: [String] = []
    /// Seeds whose change did not come to its end.
    package var unfinished: [UInt64] = []

    init(_ plan: FleetTrial.Plan, first: UInt64, seedsAsked: Int) {
        seedFirst = first
        self.seedsAsked = seedsAsked
        devices = plan.devices
        devicesConcerned = plan.devicesConcerned
        devicesAll = plan.devicesAll
        intents = plan.intents
        drainBoundSeconds = Double(plan.drainBound.milliseconds) / 1000
    }

    /// Nothing was violated, every story that was told came to its end, and one was.
    package var isWell: Bool { violations.isEmpty && unfinished.isEmpty && seedsTold > 0 }

    mutating func add(_ simulation: Simulation, isWhole: Bool) {
        let story = simulation.report
        let seed = simulation.setup.seed
        violations += story.violations
        deaths += story.deaths
        reboots += story.reboots
        cuts += story.cuts
        messages += story.delivered
        messagesInDialect += story.deliveredTagged
        streamBytes += story.streamBytes
        virtualSeconds += Double(simulation.elapsed) / 1000
        guard isWhole else {
            isCutShort = true
            return
        }
        seedsTold += 1
        let course = simulation.trial
        rotations = max(rotations, course.rotations)
        rotationsAsked += course.rotations
        windows += course.windows
        messagesMixed += max(0, course.deliveredMixed)
        if let worst = course.worst, Double(worst.milliseconds) / 1000 > worstWindow?.seconds ?? -1 {
            worstWindow = Window(seconds: Double(worst.milliseconds) / 1000, flow: worst.flow, seed: seed)
        }
        guard let settledAt = course.settledAt else {
            if story.violations.isEmpty { unfinished.append(seed) }
            return
        }
        rotationsDone += course.rotations
        longestSeconds = max(longestSeconds, Double(settledAt - course.changedAt) / 1000)
    }
}

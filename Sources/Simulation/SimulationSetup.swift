import L45Model
import Reconciler

/// What a simulation is made of. With a seed it is the whole story: the same setup gives the same steps.
package struct SimulationSetup: Hashable, Sendable {
    package var seed: UInt64
    /// Devices of the fleet: clients first, then servers. At least one of each.
    package var clients: Int
    package var servers: Int
    /// Rotations of an intent that the operator asks for, faults or not.
    package var rotations: Int
    /// Intents, each of which is rotated by itself, and the flows of each: datagrams first, then streams.
    package var intents = 1
    package var datagramFlows = 1
    package var streamFlows = 0
    /// Editions go round in waves, with a soak between them.
    package var inWaves = false
    /// The intents belong to a posture of three levels, and the operator goes up and down between them. Takes two intents.
    package var levels = false
    /// How bad the world is; `none`: nothing fails.
    package var chaos: Chaos
    /// The operator does something at least this often, in milliseconds.
    package var operatorEvery: Int64 = 9_000
    /// The orchestrator gathers what comes in for so long before it decides, in milliseconds.
    package var passEvery: Int64 = 20
    /// The one process that dies, and when; besides whatever `chaos` does.
    package var death: Death?
    /// What some devices refuse for a while, and from when on; besides whatever `chaos` does.
    package var outage: Outage?
    /// The fleet and the change that are tried, in place of a fleet and an operator of the seed's; `clients`, `servers`,
    /// `rotations` and `intents` are then not looked at.
    package var trial: FleetTrial.Plan?
    /// The longest that a message of the control channel may take, in milliseconds.
    package var controlDelayMax: Int64 = 400

    /// A death at one effect of the story: that effect and all after it are lost with the process.
    package struct Death: Hashable, Sendable {
        /// Counted from 1, over all processes, from the operator's first word on.
        package var effect: Int
        /// An agent's device loses power; else its process alone dies. The orchestrator's process dies either way.
        package var isPowerLoss: Bool
        package init(effect: Int, isPowerLoss: Bool) {
            self.effect = effect
            self.isPowerLoss = isPowerLoss
        }
    }

    /// Devices of which a part succeeds: these refuse, the others do not.
    package struct Outage: Hashable, Sendable {
        package enum Part: Hashable, Sendable, CaseIterable {
            /// The ledger can not be written: the table is refused.
            case disk
            /// The ledger is written, and the tap does not take the table.
            case tap
            /// The tap takes it, and a call under the table before does not end.
            case call
            /// The line is cut whenever it is there.
            case line
        }
        /// By number of the device, from 0: clients first.
        package var devices: Set<Int>
        package var part: Part
        /// As `Death.effect`.
        package var effect: Int
        package init(devices: Set<Int>, part: Part, effect: Int) {
            self.devices = devices
            self.part = part
            self.effect = effect
        }
        /// Milliseconds: several times as long as until something is sent again.
        static let lasts: Int64 = 20_000
    }

    /// How often what fails; each is "once in so many". 0: never.
    package struct Chaos: Hashable, Sendable {
        /// A process dies between two of its effects.
        package var deathPerEffect: Int
        /// Per hour of virtual time, for the whole fleet.
        package var faultsPerHour: Int
        /// A datagram is lost; comes twice.
        package var lossOdds: Int
        package var duplicateOdds: Int
        /// The store is put back to an older copy of itself, once in so many faults.
        package var restoreOdds: Int
        /// A module is taken off by hand, once in so many faults.
        package var maimOdds: Int
        /// A second orchestrator, with a copy of the store, answers in place of the first, once in so many faults.
        package var twinOdds: Int
        /// A device's disk is replaced by an empty one, once in so many faults.
        package var newDiskOdds: Int
        /// A report is lost before the orchestrator has recorded it.
        package var reportLossOdds: Int

        package init(
            deathPerEffect: Int = 60, faultsPerHour: Int = 240, lossOdds: Int = 20, duplicateOdds: Int = 20,
            restoreOdds: Int = 0, maimOdds: Int = 0, twinOdds: Int = 0, newDiskOdds: Int = 0, reportLossOdds: Int = 0
        ) {
            self.deathPerEffect = deathPerEffect
            self.faultsPerHour = faultsPerHour
            self.lossOdds = lossOdds
            self.duplicateOdds = duplicateOdds
            self.restoreOdds = restoreOdds
            self.maimOdds = maimOdds
            self.twinOdds = twinOdds
            self.newDiskOdds = newDiskOdds
            self.reportLossOdds = reportLossOdds
        }
        package static let none = Chaos(deathPerEffect: 0, faultsPerHour: 0, lossOdds: 0, duplicateOdds: 0)
        package static let usual = Chaos()
        /// Besides: what an operator or a disaster does to a device or to the CIB. Messages may be lost then; the fleet
        /// must come back all the same.
        package static let disasters = Chaos(restoreOdds: 12, maimOdds: 6, twinOdds: 12, newDiskOdds: 16)
    }

    package init(seed: UInt64, clients: Int = 2, servers: Int = 1, rotations: Int = 5, chaos: Chaos = .usual) {
        self.seed = seed
        self.clients = clients
        self.servers = servers
        self.rotations = rotations
        self.chaos = chaos
    }

    /// The bound is above the longest flight of a datagram (`flightMax`).
    static let policy = RolloutPolicy(
        drainBound: .seconds(3), resendAfter: .seconds(4), brakeShare: 0.5, brakeDevicesMin: 4)
    /// A trial begins no rotation but the one that it is about.
    var policy: RolloutPolicy {
        guard let trial else { return Self.policy }
        var policy = Self.policy
        policy.drainBound = trial.drainBound
        policy.rotationsAtOnceMax = 0
        return policy
    }
    /// Milliseconds.
    static let flightMax: Int64 = 2_000
}

// MARK: What the operator declares

extension SimulationSetup {
    var intentNames: [IntentName] { (1...max(1, intents)).map { IntentName("i\($0)") } }
    /// With `levels`: its document's name comes after them.
    static let posture = IntentName("posture")
    static let levelNames = ["low", "mid", "high"].map { PostureLevel($0) }

    /// The first intent gives way to the second from the middle level on, so that one of them begins as the other rests; any
    /// other one is in force at the highest level alone.
    var postureSource: String {
        var text = "name: \(Self.posture)\nintent:\n"
        text += "  - levels \(Self.levelNames.map(\.rawValue).joined(separator: ", "))\n  - threat level low\n"
        for (at, name) in intentNames.enumerated() {
            text += "  - use \(name) \(at == 0 ? "at low" : at == 1 ? "from mid" : "at high")\n"
        }
        return text
    }

    /// Ports of the datagram flows of all intents.
    var datagramPorts: [UInt16] { ports(0..<datagramFlows) }
    var streamPorts: [UInt16] { ports(datagramFlows..<(datagramFlows + streamFlows)) }

    private func ports(_ flows: Range<Int>) -> [UInt16] {
        (0..<max(1, intents)).flatMap { intent in flows.map { Self.port(intent, $0) } }
    }

    private static func port(_ intent: Int, _ flow: Int) -> UInt16 { UInt16(1_000 + intent * 32 + flow) }

    /// Flows that one intent, and intents that one story, may have: each needs a port and a rule of each tap.
    package static let flowsMax = 32
    package static let intentsMax = 8

    /// The document of an intent.
    /// - Parameter intent: counted from 0.
    func source(_ intent: Int) -> String {
        var text = """
            name: \(intentNames[intent])
            clients: {role: client}
            servers: {role: server}
            intent:

            """
        if inWaves { text += "  - roll out in waves 1, rest; soak 1s\n" }
        for flow in 0..<(datagramFlows + streamFlows) {
            let isStream = flow >= datagramFlows
            // Small frames, so that there are many boundaries.
            let dialect = isStream ? "{every: 64, bytes: 16}" : "{at: front, bytes: 32}"
            text += """
                  - tag:
                      application: {process: p\(Self.port(intent, flow))}
                      transport: \(isStream ? "tcp" : "udp")
                      port: \(Self.port(intent, flow))
                      dialect: \(dialect)

                """
        }
        return text
    }
}

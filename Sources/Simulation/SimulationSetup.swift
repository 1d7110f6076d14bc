import L45Model
import Reconciler

/// What a simulation is made of. With a seed it is the whole story: the same setup gives the same steps.
package struct SimulationSetup: Hashable, Sendable {
    package var seed: UInt64
    /// Devices of the fleet: clients first, then servers. At least one of each.
    package var clients: Int
    package var servers: Int
    /// Rotations that the operator asks for, one after the other, faults or not.
    package var rotations: Int
    /// How bad the world is; 0 nothing fails.
    package var chaos: Chaos

    /// How often what fails; each is "once in so many". 0: never.
    package struct Chaos: Hashable, Sendable {
        /// A process dies between two of its effects.
        package var deathPerEffect: Int
        /// Per second of virtual time, for the whole fleet.
        package var faultsPerHour: Int
        /// A datagram is lost; comes twice.
        package var lossOdds: Int
        package var duplicateOdds: Int
        /// The store is put back to an older copy of itself, once in so many faults.
        package var restoreOdds: Int
        /// A module is taken off by hand, once in so many faults.
        package var maimOdds: Int

        package init(
            deathPerEffect: Int = 60, faultsPerHour: Int = 240, lossOdds: Int = 20, duplicateOdds: Int = 20,
            restoreOdds: Int = 0, maimOdds: Int = 0
        ) {
            self.deathPerEffect = deathPerEffect
            self.faultsPerHour = faultsPerHour
            self.lossOdds = lossOdds
            self.duplicateOdds = duplicateOdds
            self.restoreOdds = restoreOdds
            self.maimOdds = maimOdds
        }
        package static let none = Chaos(deathPerEffect: 0, faultsPerHour: 0, lossOdds: 0, duplicateOdds: 0)
        package static let usual = Chaos()
        /// Besides: what an operator or a disaster does to a device or to the CIB. Messages may be lost then; the fleet
        /// must come back all the same.
        package static let disasters = Chaos(restoreOdds: 12, maimOdds: 6)
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
    /// Milliseconds.
    static let flightMax: Int64 = 2_000
    static let controlDelayMax: Int64 = 400
}

import L45Model
import Simulation
import Testing

/// One suite for each class of failure that controllers are known to die of, each alone, so that a suite that fails names its
/// class. Held to the end state (the fleet is at rest as it is wanted, and stays so) and to the number of actions.
@Suite("Classes of failures")
struct FailureClassTests {
    /// Stories with one kind of trouble besides the usual.
    private static func tell(
        _ name: String, seeds: ClosedRange<UInt64>, _ chaos: SimulationSetup.Chaos,
        sendsPerTable: Int = 2, _ change: (inout SimulationSetup) -> Void = { _ in }
    ) throws -> SimulationReport {
        var total = SimulationReport(seed: seeds.lowerBound)
        var devices = 0
        for seed in seeds {
            var setup = SimulationSetup(
                seed: seed, clients: 1 + Int(seed % 2), servers: 1 + Int(seed / 2 % 2), rotations: 5, chaos: chaos)
            change(&setup)
            let report = try Simulation(setup).run()
            devices += (setup.clients + setup.servers) * (report.rotationsAsked + 1)
            total.add(report)
        }
        print("\(name): \(seeds.count) stories, \(total.rotationsDone) rotations, \(total.decided) tables")
        #expect(total.violations == [])
        #expect(total.rotationsDone >= seeds.count)
        // A rotation takes five tables of a device: more than twice as many, and somebody goes round in circles.
        #expect(total.decided <= 10 * devices)
        #expect(total.sent <= sendsPerTable * total.decided)
        return total
    }

    @Test("Stale reads: the CIB goes back in time, and the fleet does not")
    func timeTravel() throws {
        let report = try Self.tell("stale reads", seeds: 100...115, SimulationSetup.Chaos(restoreOdds: 2))
        #expect(report.disasters > 8)
    }

    @Test("Missed observations: two of three reports are lost, and nobody takes silence for consent")
    func missedReports() throws {
        var chaos = SimulationSetup.Chaos.usual
        chaos.reportLossOdds = 2
        let report = try Self.tell("missed observations", seeds: 200...215, chaos)
        #expect(report.excused == 0)
    }

    @Test("Timeouts: messages take longer than the time after which they are sent again")
    func timeouts() throws {
        // Up to 18 s until an answer is here, and sent again every 4 s: never more often than that.
        let report = try Self.tell("timeouts", seeds: 300...311, .usual, sendsPerTable: 5) {
            $0.controlDelayMax = 9_000
        }
        #expect(report.excused == 0)
    }

    @Test("The agent says applied and the tap differs: modules are taken off by hand, and come back")
    func tapDiffers() throws {
        let report = try Self.tell("tap differs", seeds: 400...415, SimulationSetup.Chaos(maimOdds: 2))
        #expect(report.disasters > 8)
    }

    @Test("Two orchestrators by mistake: each takes the fleet over in turn, and no generation falls")
    func twoOrchestrators() throws {
        let report = try Self.tell("two orchestrators", seeds: 500...515, SimulationSetup.Chaos(twinOdds: 2))
        // In every second story, on average.
        #expect(report.disasters >= 8)
    }

    @Test("A device comes back with an empty disk, as the same device")
    func emptyDisk() throws {
        let report = try Self.tell("empty disks", seeds: 600...611, SimulationSetup.Chaos(newDiskOdds: 3))
        #expect(report.disasters > 4)
    }

    @Test("Streams over TCP: every byte is delivered as it was written, in whichever dialect its frame is")
    func streams() throws {
        let report = try Self.tell("streams", seeds: 700...709, .usual) {
            $0.intents = 2
            $0.streamFlows = 1
        }
        #expect(report.excused == 0)
        #expect(report.streams > 100)
        #expect(report.streamBytesFramed > report.streamBytes / 2)
    }

    @Test(
        "Partial success: some devices refuse, at any effect of a rotation, and the others wait for them",
        arguments: SimulationSetup.Outage.Part.allCases)
    func partialSuccess(part: SimulationSetup.Outage.Part) throws {
        var setup = SimulationSetup(seed: 3, clients: 2, servers: 1, rotations: 1, chaos: .none)
        let undisturbed = try Simulation(setup).run()
        var plans = 0
        for effect in stride(from: 1, through: undisturbed.effects, by: 12) {
            // Every proper part of the three devices, and all of them.
            for mask in 1..<8 {
                setup.outage = SimulationSetup.Outage(
                    devices: Set((0..<3).filter { mask >> $0 & 1 == 1 }), part: part, effect: effect)
                let report = try Simulation(setup).run()
                plans += 1
                #expect(report.violations == [], "from effect \(effect) on")
                #expect(report.rotationsDone == undisturbed.rotationsDone, "from effect \(effect) on")
                #expect(report.decided == undisturbed.decided, "from effect \(effect) on")
            }
        }
        print("partial success, \(part): \(plans) plans")
        #expect(plans > 80)
    }
}

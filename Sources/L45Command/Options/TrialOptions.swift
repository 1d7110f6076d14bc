import ArgumentParser
import L45Model
import Simulation

/// How `plan --simulate` tries a change.
struct TrialOptions: ParsableArguments {
    @Option(help: ArgumentHelp("With --simulate: the first seed.", valueName: "n")) var seed: UInt64 = 1
    @Option(help: ArgumentHelp("With --simulate: stories, one for each seed from that on.", valueName: "n"))
    var seeds = 5
    @Option(help: ArgumentHelp("With --simulate: devices of the double at most.", valueName: "n")) var devices = 24
    @Option(help: ArgumentHelp("With --simulate: stop after so many seconds.", valueName: "n")) var seconds = 10

    var isDefault: Bool { seed == 1 && seeds == 5 && devices == 24 && seconds == 10 }

    mutating func validate() throws {
        guard (1...10_000).contains(seeds), (2...PlanRequest.devicesMax).contains(devices),
            (1...3_600).contains(seconds)
        else {
            throw ValidationError(
                "--seeds is 1 to 10000, --devices 2 to \(PlanRequest.devicesMax), --seconds 1 to 3600.")
        }
    }

    func run(_ inventory: PlanInventory) throws -> TrialReport {
        do {
            return try FleetTrial.run(
                FleetTrial.Plan(inventory), first: seed, seeds: seeds, within: .seconds(seconds))
        } catch let fault as FleetTrial.Fault {
            throw CommandEnd.badInput(
                "the change cannot be simulated: \(fault)", hint: "more --devices may help, or plan without --simulate")
        }
    }
}

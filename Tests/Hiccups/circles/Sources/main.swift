import Foundation
import HiccupsGuard
import L45Model

// path-circles NAME: one extension, from the box that breaks it to the gate that goes by itself; see Circle. Ends with a line
// of figures and status 0 where all held. Needs to be root of its network namespace.
//
// path-circles serve: the far end of the transfers alone, until ended. path-circles measure NAME HOST: one transfer of that circle, in
// bits or openings a second.

if CommandLine.arguments.count == 2, CommandLine.arguments[1] == "serve" {
    try Transfer.serve(StopFlag(), ready: { say("ready") })
}
if CommandLine.arguments.count == 4, CommandLine.arguments[1] == "measure",
    let circle = Circle.all.first(where: { $0.name == CommandLine.arguments[2] })
{
    print(try circle.rate(with: CommandLine.arguments[3]))
    exit(0)
}

let names = Circle.all.map(\.name)
guard CommandLine.arguments.count == 2, let circle = Circle.all.first(where: { $0.name == CommandLine.arguments[1] })
else {
    print(names.joined(separator: "\n"))
    exit(CommandLine.arguments.count == 1 ? 0 : 2)
}
var faults: [String] = []

do {
    let network = try LabNetwork(farMTU: circle.farMTU)
    try network.near.enter()
    let lab = try await Lab(circle, network)
    faults = try await Story(circle, lab).tell()
} catch {
    faults = ["\(error)"]
}
for fault in faults { say("\(circle.name): \(fault)") }
exit(faults.isEmpty ? 0 : 1)

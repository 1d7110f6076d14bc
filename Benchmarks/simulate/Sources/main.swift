// Rotations of simulated fleets with faults, on every processor, until there were enough of them.
//
//   simulate-bench [ROTATIONS] [FIRST-SEED]     by default 1,000,000 from a seed that is drawn, and printed
import Foundation
import L45Model
import Simulation

let arguments = CommandLine.arguments.dropFirst().map { Int($0) }
guard arguments.allSatisfy({ $0 ?? 0 > 0 }), arguments.count <= 2 else {
    FileHandle.standardError.write(Data("usage: simulate-bench [ROTATIONS] [FIRST-SEED]\n".utf8))
    exit(2)
}
let wanted = arguments.first.flatMap { $0 } ?? 1_000_000
let firstSeed = arguments.count > 1 ? UInt64(arguments[1] ?? 1) : UInt64.random(in: 1...1_000_000_000)

let begin = ContinuousClock.now
let run = Run(wanted: wanted, firstSeed: firstSeed)
run.onEveryProcessor()
let seconds = (ContinuousClock.now - begin) / .seconds(1)
let total = run.total

print(
    """
    \(run.stories) stories from seed \(firstSeed), \(run.devices) devices in them, \(total.steps) steps, \
    \(Int(Double(total.virtualTime.milliseconds) / 3_600_000)) hours of virtual time in \(Int(seconds)) s
    \(total.delivered) datagrams delivered, \(total.deliveredTagged) of them in a dialect, \(total.lost) lost on the wire; \
    \(total.streams) streams, \(total.streamBytes) bytes, \(total.streamBytesFramed) of them in a dialect
    \(total.deaths) deaths, \(total.reboots) reboots, \(total.cuts) lines cut, \(total.disasters) disasters; \
    \(total.decided) tables decided, \(total.sent) sent, \(total.published) put in force
    RESULT simulate_rotations=\(total.rotationsDone) rotations
    RESULT simulate_violations=\(total.violations.count) violations
    RESULT simulate_rotations_per_s=\(Int(Double(total.rotationsDone) / seconds)) 1/s
    RESULT simulate_virtual_hours=\(Int(Double(total.virtualTime.milliseconds) / 3_600_000)) h
    RESULT simulate_messages=\(total.delivered) messages
    """)
for violation in total.violations { FileHandle.standardError.write(Data("violated: \(violation)\n".utf8)) }
exit(total.violations.isEmpty ? 0 : 1)

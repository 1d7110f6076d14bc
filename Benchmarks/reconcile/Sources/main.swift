// One reconciliation step, and one compilation, over a large fleet: the median of several rounds, in milliseconds.
//
//   reconcile-bench [DEVICES]     by default 10,000; each with 10 modules, of a tenth as many intents
import Foundation
import IntentCompiler
import L45Model
import Reconciler

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000
guard count >= 200, count % 100 == 0 else {
    FileHandle.standardError.write(Data("error: the devices are a multiple of 100, at least 200\n".utf8))
    exit(2)
}
let fleet = try LargeFleet(devices: count)

/// The median of `rounds` of `work`, in milliseconds.
func median(_ rounds: Int, _ work: () throws -> Void) rethrows -> Double {
    var times: [Double] = []
    for _ in 0..<rounds {
        let begin = ContinuousClock.now
        try work()
        times.append((ContinuousClock.now - begin) / .milliseconds(1))
    }
    return times.sorted()[rounds / 2]
}

func result(_ name: String, _ milliseconds: Double) {
    print("RESULT \(name)=\(milliseconds.formatted(.number.precision(.fractionLength(1)).grouping(.never))) ms")
}

let idle = fleet.settled
print("\(count) devices, \(fleet.modules) modules, \(fleet.entries.count) intents")
result(
    "reconcile_idle_ms",
    try median(9) {
        let actions = Reconciler.step(idle, now: fleet.now)
        guard actions.isEmpty else { throw BenchFailure("\(actions.count) actions where nothing is to be done") }
    })
let changed = fleet.rotated
result(
    "reconcile_changed_ms",
    try median(9) {
        let decided = Reconciler.step(changed, now: fleet.now).count { if case .decide = $0 { true } else { false } }
        guard decided == fleet.changing else { throw BenchFailure("\(decided) tables decided, not \(fleet.changing)") }
    })
result(
    "compile_cold_ms",
    try median(5) {
        let compilation = IntentCompiler.compile(fleet.input(fleet.entries))
        guard compilation.refused.isEmpty, compilation.plans.count == count else {
            throw BenchFailure("\(compilation.plans.count) plans, \(compilation.refused.count) intents refused")
        }
    })

struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

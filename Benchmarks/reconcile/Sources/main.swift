// One reconciliation step, one compilation, and one after a change, over a large fleet: the median of several rounds, in milliseconds
// of processor time.
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

/// The median of `rounds` of `work`, in milliseconds of processor time of this one thread: what else the machine does
/// counts for nothing.
func median(_ rounds: Int, _ work: () throws -> Void) rethrows -> Double {
    var times: [Double] = []
    for _ in 0..<rounds {
        let begin = processorMilliseconds()
        try work()
        times.append(processorMilliseconds() - begin)
    }
    return times.sorted()[rounds / 2]
}

func processorMilliseconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1_000_000
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

// One intent goes to its next edition, and one device to another group, in turns: the worse of the two medians.
var compiler = IncrementalCompiler()
_ = compiler.compile(fleet.input(fleet.entries))
var input = fleet.input(fleet.entries)
let rotated = try median(9) {
    input.entries[7].epoch = input.entries[7].epoch.next
    _ = compiler.compile(input)
    guard compiler.resolved == 1 else { throw BenchFailure("\(compiler.resolved) intents compiled, not 1") }
}
var turn = 0
let relabelled = try median(9) {
    turn += 1
    input.devices[count - 1].facts.labels["k0"] = "g\(turn)"
    _ = compiler.compile(input)
    guard (1...20).contains(compiler.resolved) else {
        throw BenchFailure("\(compiler.resolved) intents compiled for one device")
    }
}
let cold = IntentCompiler.compile(input)
guard compiler.compile(input) == cold else { throw BenchFailure("compiled by steps, the plans are others") }
print("after one rotation \(rotated.rounded()) ms, after one label \(relabelled.rounded()) ms")
result("compile_incremental_ms", max(rotated, relabelled))

// The same beside a posture and chains: one of its intents, the head of a chain, and what stands behind it, in turns.
var ordered = fleet.input(try fleet.orderedEntries())
var second = IncrementalCompiler()
_ = second.compile(ordered)
let concerned = ordered.entries.indices.filter {
    ["k2-g0", "k1-g0", "late-g0"].contains(ordered.entries[$0].intent.name.rawValue)
}
let ranked = try median(9) {
    let at = concerned[turn % concerned.count]
    turn += 1
    ordered.entries[at].epoch = ordered.entries[at].epoch.next
    _ = second.compile(ordered)
    guard second.resolved == 1 else { throw BenchFailure("\(second.resolved) intents compiled, not 1") }
}
let whole = IntentCompiler.compile(ordered)
guard whole.refused.isEmpty, second.compile(ordered) == whole else {
    throw BenchFailure("compiled by steps beside a posture, the plans are others")
}
result("compile_incremental_ordered_ms", ranked)

struct BenchFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

// hiccups-bench [HANDSHAKES [SEED]]: simulated handshakes through the pure core, every one as bytes, parsed and built at each
// hop.
//
// 1. One type each: every change of table 7.6, every direction, all 16 types; all at once; random combinations.
// 2. Interrogations of paths with random combinations, and of the seed's survey mix, by both strategies.
// 3. Strangers' SYNs, for the rate of false accepts. 4. A box that knows the protocol.
import Foundation
import HiccupsGuard
import L45Model

let wanted = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 3_200_000
let clock = ContinuousClock()
let seed = CommandLine.arguments.dropFirst(2).first.flatMap { UInt64($0) } ?? 0x4849_4343_5550_5321
var random = SeededRandom(seed: seed)

/// One result, at once: standard output may be a pipe.
func report(_ line: String) { FileHandle.standardOutput.write(Data("RESULT hiccups_\(line)\n".utf8)) }
func text(_ value: Double, _ digits: Int = 2) -> String {
    value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
}

// Part 1.
typealias Plan = (forward: [HeaderChange], reverse: [HeaderChange], fitting: HeaderChange?)
let every = HeaderChange.allCases
var plans: [Plan] = every.flatMap { change -> [Plan] in
    [([change], [], change), ([], [change], change), ([change], [change], change)]
}
plans += [([], [], nil), (every, [], nil), ([], every, nil), (every, every, nil)]
var detection = Detection()
var spent = Duration.zero
var turn = 0
while detection.handshakes < wanted {
    // Two of three handshakes go through the list, each with each type in turn; the third is a random combination.
    let coverage = Coverage.allCases[turn / 3 / plans.count % 16]
    var plan = plans[turn / 3 % plans.count]
    if turn % 3 == 2 {
        func some() -> [HeaderChange] { every.filter { _ in Int.random(in: 0..<5, using: &random) == 0 } }
        plan = (some(), some(), nil)
    }
    turn += 1
    let template = try plan.fitting.map { try Templates.fitting($0, &random) } ?? Templates.any(&random)
    let path = SimulatedPath(
        initiator: Initiator(template: template),
        box: Middlebox(forward: plan.forward, reverse: plan.reverse, parameters: ChangeParameters(using: &random)))
    let begin = clock.now
    let exchange = try path.exchange(PerCarrier(all: coverage), using: &random)
    spent += clock.now - begin
    detection.take(exchange, coverage)
}
report("handshakes=\(detection.handshakes)")
report("verdicts=\(detection.judged)")
report("missed=\(detection.missed)")
report("imagined=\(detection.imagined)")
report("left_open_by_chance=\(detection.open)")
report("false_accepts=\(detection.falseAccepts)")
report("false_accepts_expected=\(text(detection.falseAcceptsExpected))")
for carrier in Carrier.allCases {
    report("fragments_changed_\(carrier)=\(detection.fragments[carrier])")
    report("fragments_matched_by_chance_\(carrier)=\(detection.fragmentsMatched[carrier])")
    report("fragments_matched_by_chance_\(carrier)_expected=\(text(Double(detection.fragments[carrier]) / 4096, 0))")
    report("fragments_matched_by_chance_full_\(carrier)=\(detection.freshFragmentsMatched[carrier])")
    report(
        "fragments_matched_by_chance_full_\(carrier)_expected=\(text(Double(detection.freshFragments[carrier]) / 4096, 0))"
    )
}
report("handshakes_per_s=\(text(Double(detection.handshakes) / (spent / .seconds(1)), 0)) 1/s")

// Part 2.
let flowsWanted = max(wanted / 32, 1000)
for strategy in Interrogation.Strategy.allCases {
    let suffix = strategy == .seed ? "_seed" : ""
    // Both tables, by the flows that each stands for.
    var mean = 0.0
    var solved = (first: 0.0, second: 0.0)
    let all = Double(SurveyMix.planetLab.flows + SurveyMix.ark.flows)
    for mix in [SurveyMix.planetLab, .ark] {
        var flows = Flows()
        var draws = SeededRandom(seed: seed ^ 7)
        for _ in 0..<flowsWanted { try flows.take(try mix.draw(&draws), strategy, &random) }
        report("exchanges\(suffix)_\(mix.name)=\(text(flows.mean)) per flow")
        report("solved_after_1\(suffix)_\(mix.name)=\(text(flows.share(1) * 100)) %")
        report("solved_after_2\(suffix)_\(mix.name)=\(text(flows.share(2) * 100)) %")
        report("changed\(suffix)_\(mix.name)=\(text(flows.changedShare * 100)) %")
        tell(flows, "flows\(suffix)_\(mix.name)")
        let weight = Double(mix.flows) / all
        mean += weight * flows.mean
        solved = (solved.first + weight * flows.share(1), solved.second + weight * flows.share(2))
    }
    report("exchanges\(suffix)=\(text(mean)) per flow")
    report("solved_after_1\(suffix)=\(text(solved.first * 100)) %")
    report("solved_after_2\(suffix)=\(text(solved.second * 100)) %")
    var flows = Flows()
    for _ in 0..<flowsWanted {
        func some() -> [HeaderChange] { every.filter { _ in Int.random(in: 0..<8, using: &random) == 0 } }
        let path = SimulatedPath(
            initiator: Initiator(template: try Templates.any(&random)),
            box: Middlebox(forward: some(), reverse: some(), parameters: ChangeParameters(using: &random)))
        try flows.take(path, strategy, &random)
    }
    report("exchanges\(suffix)_combinations=\(text(flows.mean)) per flow")
    tell(flows, "flows\(suffix)_combinations")
}

func tell(_ flows: Flows, _ name: String) {
    report("\(name)_missed=\(flows.missed)")
    report("\(name)_imagined=\(flows.imagined)")
    report("\(name)_hidden_by_one_fragment=\(flows.singleFragments)")
    report("\(name)_left_open=\(flows.open)")
}

// Part 3: strangers against one SYN. Its fragments are computed once, candidates found by comparison; each is then read
// as a packet.
let strangers = Strangers(header: try Templates.any(&random))
let tries = wanted >= 3_200_000 ? 1 << 33 : 1 << 26
let taken = strangers.taken(tries, seed: seed ^ 99)
report("stranger_tries=\(tries)")
report("stranger_false_accepts_plain=\(taken.plain)")
report("stranger_false_accepts_plain_expected=\(text(Double(tries) * Strangers.plainRate))")
report("stranger_false_accepts_marked=\(taken.marked)")
report("stranger_false_accepts_marked_expected=\(text(Double(tries) * Strangers.markedRate))")
report("stranger_false_accepts_confirmed=\(taken.confirmed)")

// Part 4.
for integrity in Hostile.Integrity.allCases {
    var hostile = Hostile()
    let covered = every.filter { ![.identificationZeroed, .isnTranslated, .windowOffset].contains($0) }
    for turn in 0..<max(wanted / 64, 1000) { try hostile.take(integrity, covered[turn % covered.count], &random) }
    report("hostile_detected_\(integrity.rawValue)=\(text(hostile.share * 100)) %")
}

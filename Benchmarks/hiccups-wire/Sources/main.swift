import Foundation
import HiccupsGuard
import L45Model

// hiccups-wire-bench [HANDSHAKES [SEED]]: probes over real sockets, through a real box, to a real responder, and what they
// found beside what the box did. Needs to be root of its network namespace.

let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) }
guard arguments.count <= 2, arguments.allSatisfy({ $0 != nil }), (arguments.first ?? 1) ?? 0 > 0 else {
    note("usage: hiccups-wire-bench [HANDSHAKES [SEED]]")
    exit(2)
}
let wanted = Int(clamping: (arguments.first ?? nil) ?? 20_000)
let seed = (arguments.count > 1 ? arguments[1] : nil) ?? 1

do {
    let network = try LabNetwork()
    try network.near.enter()
    let begun = ContinuousClock.now

    var judgement = Judgement()
    let lab = try await WireLab(network, seed: seed)
    var rounds = 0
    while judgement.handshakes < wanted {
        let scenario = Scenario.all[(rounds * 7) % Scenario.all.count]
        // Every path of a short run is one of the systematic ones.
        let rules = WireLab.ports(rounds).enumerated().map { index, port in
            Scenario.rule(index, port: port, seed: seed &+ UInt64(rounds * WireLab.portCount + index))
        }
        for (report, truth, rule) in try await lab.round(scenario.options, isIPv6: scenario.isIPv6, rules) {
            judgement.take(
                report, truth,
                "\(scenario.name), forward \(rule.box.forward) \(rule.box.strippedForward), "
                    + "reverse \(rule.box.reverse) \(rule.box.strippedReverse)")
        }
        rounds += 1
        // Every round has handshakes, or the lab is broken.
        guard judgement.handshakes > 0 else {
            note("no handshake came through the box")
            exit(1)
        }
    }
    try await lab.end()
    let took = ContinuousClock.now - begun

    let poor = try await PoorLine.run(network, rounds: wanted >= 20_000 ? 4 : 1, seed: seed)
    let hostile = try await HostileRounds.run(network, rounds: wanted >= 20_000 ? 5 : 1, seed: seed)

    func result(_ name: String, _ value: String, _ unit: String = "") {
        print("RESULT \(name)=\(value)" + (unit.isEmpty ? "" : " \(unit)"))
    }
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
    result("hiccups_wire_handshakes", "\(judgement.handshakes + poor.handshakes)")
    result("hiccups_wire_missed", "\(judgement.missed + poor.missed)")
    result("hiccups_wire_imagined", "\(judgement.imagined + poor.imagined)")
    result("hiccups_wire_unanswered", "\(judgement.unanswered)")
    result("hiccups_wire_open", "\(judgement.open)", "types left open")
    result("hiccups_wire_chances", "\(judgement.chances + poor.chances)", "paths where one fragment matched by chance")
    let most = judgement.chancesMost + poor.chancesMost
    result("hiccups_wire_chances_most", "\((most * 10).rounded() / 10)", "by the arithmetic of 12 bits")
    result("hiccups_wire_paths", "\(judgement.paths)")
    result("hiccups_wire_paths_changed", "\(judgement.changedPaths)")
    result("hiccups_wire_lossy_handshakes", "\(poor.handshakes)")
    result("hiccups_wire_lossy_unanswered", "\(poor.unanswered)", "paths of \(poor.paths)")
    result("hiccups_wire_handshakes_per_s", "\(Int(Double(judgement.handshakes) / max(seconds, 0.001)))", "1/s")
    for (name, share, paths) in hostile.shares {
        result("hiccups_wire_hostile_\(name)", share, "of \(paths) paths")
    }
    exit(judgement.missed + judgement.imagined + judgement.unanswered + poor.missed + poor.imagined == 0 ? 0 : 1)
} catch {
    note("hiccups-wire-bench: \(error)")
    exit(2)
}

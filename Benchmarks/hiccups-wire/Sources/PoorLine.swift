import HiccupsGuard

/// The same over a line that loses, delays, reorders and doubles: what is found must be as true.
enum PoorLine {
    static func run(_ network: LabNetwork, rounds: Int, seed: UInt64) async throws -> Judgement {
        var line = Impairment()
        line.loss = 0.03
        line.duplication = 0.05
        line.reordering = 0.05
        line.delay = .milliseconds(5)
        line.jitter = .milliseconds(10)
        var judgement = Judgement()
        let lab = try await WireLab(network, impairment: line, seed: seed)
        for round in 0..<rounds {
            let scenario = Scenario.all[(round * 11 + 4) % Scenario.all.count]
            var options = scenario.options
            options.timeout = .seconds(1)
            let rules = WireLab.ports(round).enumerated().map { index, port in
                Scenario.rule(index, port: port, seed: seed &+ UInt64(round * WireLab.portCount + index))
            }
            for (report, truth, rule) in try await lab.round(options, isIPv6: scenario.isIPv6, rules) {
                judgement.take(
                    report, truth,
                    "poor line, \(scenario.name), forward \(rule.box.forward), reverse \(rule.box.reverse)")
            }
        }
        try await lab.end()
        return judgement
    }
}

import HiccupsGuard
import L45Model

/// A box that knows the protocol and mends the integrity behind its changes: on what share of the paths that it changes
/// is it found out?
struct HostileRounds {
    private(set) var shares: [(name: String, share: String, paths: Int)] = []

    static func run(_ network: LabNetwork, rounds: Int, seed: UInt64) async throws -> HostileRounds {
        var random = SplitMix64(seed: seed ^ 0x6b65_79)
        let secret = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        var found = HostileRounds()
        for (name, key) in [("plain_detected", nil), ("keyed_detected", PathKey(Secret(secret)))] {
            let lab = try await WireLab(network, key: key, seed: seed)
            var paths = 0
            var detected = 0
            for round in 0..<rounds {
                var options = ProbeOptions()
                options.key = key
                options.usesECN = true
                options.rate = 100_000
                options.timeout = .seconds(3)
                if round % 2 == 1 { options.options = [.timestamp(value: 3, echo: 0)] }
                let rules = WireLab.ports(round).enumerated().map { index, port in
                    var rule = Scenario.rule(1 + index % 39, port: port, seed: seed &+ UInt64(round * 1000 + index))
                    rule.hostile = BoxRule.Hostile(
                        tactic: HostileMiddlebox.Tactic.allCases[(index / 39 + round) % 3])
                    return rule
                }
                for (report, truth, rule) in try await lab.round(options, isIPv6: false, rules) {
                    // A change that found nothing to act on is none.
                    guard Direction.allCases.contains(where: { !truth.changed($0).subtracting([.nat]).isEmpty }) else {
                        continue
                    }
                    paths += 1
                    if report.outcome == .notCapable || !report.findings.isEmpty {
                        detected += 1
                    } else if key != nil {
                        note(
                            "not detected: \(rule.hostile.map { "\($0.tactic)" } ?? "") \(rule.box) \(truth) \(report)")
                    }
                }
            }
            try await lab.end()
            let share = Double(detected) / Double(max(paths, 1))
            found.shares.append((name, "\((share * 10_000).rounded() / 10_000)", paths))
        }
        return found
    }
}

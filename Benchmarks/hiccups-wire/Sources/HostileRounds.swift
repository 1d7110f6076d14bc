import HiccupsGuard
import L45Model

/// A box that knows the protocol and mends the integrity behind its changes: on what share of the paths that it changes
/// is it found out, by the public functions, by these and one exchange under AppSalt, and by a key?
///
/// AppSalt covers the SYN alone: what is changed in SYN-ACKs only, it leaves to the public functions. So its share is told for
/// the paths with a changed SYN as well.
struct HostileRounds {
    private(set) var shares: [(name: String, share: String, paths: Int)] = []

    static func run(_ network: LabNetwork, rounds: Int, seed: UInt64) async throws -> HostileRounds {
        var random = SeededRandom(seed: seed ^ 0x6b65_79)
        let secret = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        var found = HostileRounds()
        let ways: [(name: String, key: PathKey?, usesAppSalt: Bool)] = [
            ("plain", nil, false), ("appsalt", nil, true), ("keyed", PathKey(Secret(secret)), false),
        ]
        for (name, key, usesAppSalt) in ways {
            let lab = try await WireLab(network, key: key, seed: seed)
            var paths = 0
            var detected = 0
            var changedSYNs = 0
            var detectedSYNs = 0
            for round in 0..<rounds {
                var options = ProbeOptions()
                options.key = key
                options.usesAppSalt = usesAppSalt
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
                    let isSYNChanged = !truth.changed(.forward).subtracting([.nat]).isEmpty
                    if isSYNChanged { changedSYNs += 1 }
                    if report.outcome == .notCapable || !report.findings.isEmpty || report.appSalt == .changed {
                        detected += 1
                        if isSYNChanged { detectedSYNs += 1 }
                    } else if key != nil {
                        note(
                            "not detected: \(rule.hostile.map { "\($0.tactic)" } ?? "") \(rule.box) \(truth) \(report)")
                    }
                }
            }
            try await lab.end()
            found.add("\(name)_detected", detected, of: paths)
            if usesAppSalt { found.add("\(name)_detected_syn", detectedSYNs, of: changedSYNs) }
        }
        return found
    }

    private mutating func add(_ name: String, _ detected: Int, of paths: Int) {
        let share = Double(detected) / Double(max(paths, 1))
        shares.append((name, "\((share * 10_000).rounded() / 10_000)", paths))
    }
}

import HiccupsGuard
import L45Model

/// What a round of probes sends, and what the box does on each of its paths.
struct Scenario {
    let options: ProbeOptions
    let isIPv6: Bool
    let name: String

    /// SYNs of all sorts, so that each change of the table finds what it acts on: with and without MSS and window scaling,
    /// not ECN, ECT and CE.
    static let all: [Scenario] = {
        let full: [TCPOption] = ProbeTrial.standard.options
        let rich = full + [.multipath([0x01, 0x01]), .other(kind: TCPOption.unusedKind, [0xca, 0xfe])]
        let bare: [TCPOption] = [.timestamp(value: 7, echo: 0)]
        var found: [Scenario] = []
        for (name, list) in [("full", full), ("rich", rich), ("bare", bare), ("none", [])] {
            for codepoint in [nil, ECNCodepoint.ect0, .ce] {
                for strategy in [Interrogation.Strategy.mixed, .seed] {
                    var options = ProbeOptions()
                    options.options = list
                    options.strategy = strategy
                    options.usesECN = codepoint != nil
                    options.codepoint = codepoint ?? .ect0
                    options.rate = 100_000
                    options.timeout = .seconds(3)
                    let mark = codepoint.map { "\($0)" } ?? "not ECN"
                    for isIPv6 in [false, true] {
                        found.append(
                            Scenario(
                                options: options, isIPv6: isIPv6,
                                name: "\(name) options, \(mark), \(strategy), IPv\(isIPv6 ? 6 : 4)"))
                    }
                }
            }
        }
        return found
    }()

    /// Path `index` of a round: the clean one, each change in each direction, all at once in each, and from there on random.
    static func rule(_ index: Int, port: UInt16, seed: UInt64) -> BoxRule {
        var random = SeededRandom(seed: seed)
        var parameters = ChangeParameters(using: &random)
        // A shift by a multiple of 2^16 would leave the ISN's salt alone and is a change all the same.
        if parameters.forwardISNOffset == 0 { parameters.forwardISNOffset = 1 }
        let table = HeaderChange.allCases
        let sides: [(Bool, Bool)] = [(true, false), (false, true), (true, true)]
        var forward: [HeaderChange] = []
        var reverse: [HeaderChange] = []
        switch index {
        case 0: break
        case 1...(table.count * 3):
            let side = sides[(index - 1) % 3]
            if side.0 { forward = [table[(index - 1) / 3]] }
            if side.1 { reverse = [table[(index - 1) / 3]] }
        case (table.count * 3 + 1)...(table.count * 3 + 3):
            let side = sides[index - table.count * 3 - 1]
            if side.0 { forward = table }
            if side.1 { reverse = table }
        default:
            // Few at a time: most sets of many overwrite two carriers, and then there is little to tell.
            let share = [0.1, 0.2, 0.4].randomElement(using: &random) ?? 0.1
            forward = table.filter { _ in Double.random(in: 0..<1, using: &random) < share }
            reverse = table.filter { _ in Double.random(in: 0..<1, using: &random) < share }
        }
        var rule = BoxRule(port: port, box: Middlebox(forward: forward, reverse: reverse, parameters: parameters))
        if index % 8 == 7, index > table.count * 3 { rule.translation = 0xc000_0263 }
        if index % 5 == 4, index > table.count * 3 {
            let kinds: [UInt8] = [2, 3, 4, 8, 30, 99]
            rule.add(
                .strip(kinds.randomElement(using: &random) ?? 2), Bool.random(using: &random) ? .forward : .reverse)
        }
        return rule
    }
}

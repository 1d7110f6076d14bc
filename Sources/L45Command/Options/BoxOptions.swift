import ArgumentParser
import HiccupsGuard
import L45Model

/// What a box of the lab does, as it is said on a command line.
struct BoxOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What is done to handshake headers; may be repeated. NAME, or NAME:forward or NAME:reverse; 'all' is the 13 of "
                + "table 7.6. Names: \(BoxChange.names.joined(separator: ", ")).",
            valueName: "name"))
    var change: [String] = []
    @Option(help: "For changes that name no direction: forward, reverse or both.")
    var direction: Way = .both
    @Option(
        help: ArgumentHelp("Only connections to these addresses are changed.", valueName: "prefix"))
    var only: String?
    @Option(help: ArgumentHelp("Only connections to this port are changed.", valueName: "port"))
    var port: UInt16?
    @Option(
        help: ArgumentHelp(
            "Mend the integrity behind the changes, as a box that knows the protocol: recompute, difference or replay.",
            valueName: "tactic"))
    var hostile: HostileMiddlebox.Tactic?
    @Option(
        help: ArgumentHelp(
            "Connections from the first side come from this IPv4 address, and from another port.", valueName: "address")
    )
    var nat: String?
    @Option(help: ArgumentHelp("Packets lost.", valueName: "percent"))
    var loss = Percent(0)
    @Option(help: ArgumentHelp("Packets that arrive twice.", valueName: "percent"))
    var duplicate = Percent(0)
    @Option(help: ArgumentHelp("Packets held back for 5ms, so that others overtake them.", valueName: "percent"))
    var reorder = Percent(0)
    @Option(help: ArgumentHelp("Each way.", valueName: "span"))
    var delay: Span = .zero
    @Option(help: ArgumentHelp("Added to the delay, from nothing to this.", valueName: "span"))
    var jitter: Span = .zero
    @Option(help: ArgumentHelp("What is drawn, lost and late follows from it.", valueName: "number"))
    var seed: UInt64 = 1

    enum Way: String, ExpressibleByArgument, CaseIterable, Sendable {
        case forward, reverse, both
        var directions: [Direction] {
            switch self {
            case .forward: [.forward]
            case .reverse: [.reverse]
            case .both: [.forward, .reverse]
            }
        }
    }

    func validate() throws {
        guard (0...10_000).contains(delay.milliseconds), (0...10_000).contains(jitter.milliseconds) else {
            throw ValidationError("--delay and --jitter must lie between 0s and 10s.")
        }
        if port == 0 { throw ValidationError("--port is 1 to 65535.") }
        if hostile != nil, nat != nil {
            throw ValidationError("--hostile and --nat do not go together: a box that mends keeps addresses.")
        }
        _ = try rule()
    }

    /// - Throws: `ValidationError`, with what there is to choose from.
    func rule() throws -> BoxRule {
        var destination: AddressBlock?
        if let only {
            guard let block = AddressBlock(only) else {
                throw ValidationError("--only '\(only)' is no address or prefix, such as 192.0.2.0/24.")
            }
            destination = block
        }
        var rule = BoxRule(destination: destination, port: port, forward: [], reverse: [], seed: seed)
        for text in change {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let way = parts.count == 2 ? Way(rawValue: parts[1]) : direction
            guard let way else {
                throw ValidationError("--change '\(text)': '\(parts[1])' is no direction; forward, reverse or both.")
            }
            let all = HeaderChange.allCases.map { BoxChange.table($0) }
            guard let changes = parts[0] == "all" ? all : BoxChange(name: parts[0]).map({ [$0] }) else {
                throw ValidationError(
                    "--change: no change '\(parts[0])'; there are all, \(BoxChange.names.joined(separator: ", ")).")
            }
            for change in changes { for direction in way.directions { rule.add(change, direction) } }
        }
        if let hostile { rule.hostile = BoxRule.Hostile(tactic: hostile) }
        if let nat {
            guard case .v4(let address)? = HostAddress(nat) else {
                throw ValidationError("--nat '\(nat)' is no IPv4 address.")
            }
            rule.translation = address
        }
        return rule
    }

    var impairment: Impairment {
        var line = Impairment()
        line.loss = loss.share
        line.duplication = duplicate.share
        line.reordering = reorder.share
        line.delay = .milliseconds(delay.milliseconds)
        line.jitter = .milliseconds(jitter.milliseconds)
        return line
    }
}

extension HostileMiddlebox.Tactic: ExpressibleByArgument {
    package init?(argument: String) {
        guard let found = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self = found
    }
    package var defaultValueDescription: String { "\(self)" }
    package static var allValueStrings: [String] { allCases.map { "\($0)" } }
}

/// `1%`, `0.5%`, or the number alone.
struct Percent: ExpressibleByArgument, Hashable, Sendable {
    /// 0 to 1.
    let share: Double

    init(_ percent: Double) { share = percent / 100 }

    init?(argument: String) {
        let text = argument.hasSuffix("%") ? argument.dropLast() : argument[...]
        guard let number = Double(text), number.isFinite, (0...100).contains(number) else { return nil }
        self.init(number)
    }

    var defaultValueDescription: String { "\(share * 100)%" }
}

/// The search of seed figure 5.3, one type per exchange.
///
/// HNONAT passes: HFULL, done. It fails: HNULL, which tells whether HICCUPS can be used at all; then HNOOPT, and where
/// it fails the
/// narrow types of the headers; then HONLYOPT, and where it fails those of the options. A type passes where SYN and
/// SYN-ACK are
/// both intact. One exchange is ours: SACK-permitted is an option that only HFLAGS covers, so HFLAGS follows where
/// HONLYOPT fails and its
/// five narrow types pass.
struct SeedStrategy: Sendable {
    private var asked: Coverage?
    private var queue: [Coverage] = []
    private var ran: [Coverage] = []
    private var optionLeafFailed = false

    mutating func step(_ last: ReplyReading?, _ knowledge: PathKnowledge) -> InterrogationStep {
        guard let asked, let last else { return ask(.noNAT) }
        let passed = last.forwardIntact(capable: knowledge.isCapable) == true && last.reverseIntact(asked) == true
        switch asked {
        case .noNAT: return ask(passed ? .full : .null)
        case .full: return .finish(.known)
        case .null:
            guard passed else { return .finish(.cannotUseHiccups) }
            return ask(.noOptions)
        case .noOptions: queue = (passed ? [] : Coverage.headerLeaves) + [.onlyOptions]
        case .onlyOptions: queue = passed ? [] : Coverage.optionLeaves
        default:
            if Coverage.optionLeaves.contains(asked), !passed { optionLeafFailed = true }
            if asked == .experimental, !optionLeafFailed, !ran.contains(.flags) { queue.append(.flags) }
        }
        guard !queue.isEmpty else { return .finish(.known) }
        return ask(queue.removeFirst())
    }

    private mutating func ask(_ coverage: Coverage) -> InterrogationStep {
        asked = coverage
        ran.append(coverage)
        return .ask(PerCarrier(all: coverage))
    }
}

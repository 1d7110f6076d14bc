import HiccupsGuard

/// Handshakes of one type each, judged one by one against a comparison of the headers.
struct Detection {
    var handshakes = 0
    /// Verdicts about one direction.
    var judged = 0
    /// A change under the type that was asked for was taken for none, and the fragments did tell.
    var missed = 0
    /// A direction without such a change was said to have one.
    var imagined = 0
    /// A change was taken for none since two fragments happen to be the same before and after.
    var falseAccepts = 0
    /// By the arithmetic of independent fragments: 3 in 2^24 changes, 1 in 2^24 where one carrier is overwritten
    /// besides. An upper estimate here: the inputs of narrow types repeat, and the CRC never misses short differences.
    var falseAcceptsExpected = 0.0
    /// Single fragments over changed fields, in carriers that arrived, and how many of them matched.
    var fragments = PerCarrier(all: 0)
    var fragmentsMatched = PerCarrier(all: 0)
    /// The same under HFULL alone: its input, random addresses among it, is new each time; that of narrow types
    /// repeats.
    var freshFragments = PerCarrier(all: 0)
    var freshFragmentsMatched = PerCarrier(all: 0)
    /// No verdict on the way back: the responder answered as "changed", since one fragment over changed fields matched
    /// by chance.
    var open = 0
    /// Handshakes in which two carriers or more were overwritten in a direction: never told as intact.
    var unusable = 0

    private static let pair = 1.0 / Double(1 << 24)

    mutating func take(_ exchange: SimulatedPath.Exchange, _ coverage: Coverage) {
        handshakes += 1
        let forward = exchange.forward
        let reverse = exchange.reverse
        let saysForwardIntact = if case .intact(coverage, _) = exchange.synReading.verdict { true } else { false }
        judge(forward, coverage, saysForwardIntact, exchange.synReading.matches) {
            Self.isCoincidence(exchange.synArrived, exchange.synReading)
        }
        // Beyond one overwritten carrier on the way out, the responder may have answered under another type.
        guard forward.overwritten.count < 2 else {
            if exchange.reply.reverseIntact(coverage) == true, reverse.changed.contains(coverage) { missed += 1 }
            return
        }
        if exchange.reply.reverseIntact(coverage) == nil, exchange.synReading.matches.count({ $0 }) == 1 {
            open += 1
            return
        }
        judge(reverse, coverage, exchange.reply.reverseIntact(coverage) == true, exchange.reply.matches) {
            exchange.reply.matches.count { $0 } >= 2
        }
        guard reverse.overwritten.count < 2 else { return }
        // What the initiator learns of the way out must be what the responder found.
        let told = exchange.reply.forwardIntact(capable: true)
        if told == true, !saysForwardIntact {
            missed += 1
            complain("told intact \(coverage.name) \(exchange.reply)")
        }
        if told != true, saysForwardIntact {
            imagined += 1
            complain("told changed \(coverage.name) \(exchange.reply)")
        }
    }

    private mutating func judge(
        _ truth: HeaderComparison, _ coverage: Coverage, _ saysIntact: Bool, _ matches: PerCarrier<Bool>,
        _ coincidence: () -> Bool
    ) {
        judged += 1
        let changed = truth.changed.contains(coverage)
        if changed {
            for carrier in Carrier.allCases where !truth.overwritten.contains(carrier) {
                fragments[carrier] += 1
                if matches[carrier] { fragmentsMatched[carrier] += 1 }
                guard coverage == .full else { continue }
                freshFragments[carrier] += 1
                if matches[carrier] { freshFragmentsMatched[carrier] += 1 }
            }
            switch truth.overwritten.count {
            case 0: falseAcceptsExpected += 3 * Self.pair
            case 1: falseAcceptsExpected += Self.pair
            default: break
            }
        }
        if truth.overwritten.count >= 2 { unusable += 1 }
        switch (saysIntact, changed || truth.overwritten.count >= 2) {
        case (true, true):
            if coincidence() {
                falseAccepts += 1
                complain("false accept under \(coverage.name): \(truth) \(matches)")
            } else {
                missed += 1
                complain("missed under \(coverage.name): \(truth)")
            }
        case (false, false):
            imagined += 1
            complain("imagined under \(coverage.name): \(truth) \(matches)")
        default: break
        }
    }

    /// Whether two carriers hold, as they arrived, just what an honest sender of this header would have written.
    private static func isCoincidence(_ packet: HandshakePacket, _ reading: SynReading) -> Bool {
        [packet.ip.ecn, .ect0, .ect1].contains { ecn in
            var honest = packet
            honest.ip.ecn = ecn
            honest.sealSYN(reading.named, salt: 0, by: .plain)
            let carriers = honest.carriers
            return Carrier.allCases.count { carriers[$0] == reading.arrived[$0] } >= 2
        }
    }

    private func complain(_ what: String) {
        if missed + imagined + falseAccepts <= 8 { note(what) }
    }
}

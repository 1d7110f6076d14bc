import HiccupsGuard
import L45Model

/// Path behaviours in the shares that the seed's survey found (tables 8.5 and 8.6).
///
/// The survey sent eight kinds of SYN over each path (table 8.3); so does this mix, one kind a flow, evenly. A row says what
/// becomes of an extension wherever a SYN asks for it, or, of an addition, wherever none does: the row of MSS 1460 holds for each of the
/// five kinds that announce 1460 bytes. Taken for the one kind alone that announces nothing else, too few flows change, and
/// the seed's search takes 2.77 and 2.47 exchanges in the place of 3.1 and 2.7 (seed 8.4).
///
/// Rows of options are drawn together, as the same boxes: in table 8.4 HONLYOPT fails for 10.96 % of the answered SYNs and HMSS alone for
/// 10.57 %, which leaves no room for the stripped MP_CAPABLE and unknown options (1.7 %) but where MSS changes too. The others are drawn
/// apart. HNONAT then fails for as many flows as in that table (12.6 % over both platforms). ECN codepoints and timestamps that
/// are added (0.25 and 0.34 % at most), which no change of table 7.6 makes, are left out.
///
/// Counts are flows that changed both ways, forward only and back only, of all flows of that row.
struct SurveyMix {
    struct Row {
        let both: Int
        let forward: Int
        let reverse: Int
        let flows: Int
    }

    let name: String
    /// How many flows the seed had of it (seed 8.4).
    let flows: Int
    let unusable: Row
    let translated: Row
    let isn: Row
    let ecnIP: Row
    let ecnTCP: Row
    let ecnTCPAdded: Row
    let mssAdded: Row
    /// Announced 480, 1460 and 1600.
    let mssLowered: [Row]
    let sack: Row
    let timestamp: Row
    let scaleAdded: Row
    let scaleChanged: Row
    let multipath: Row
    let experimental: Row

    static let planetLab = SurveyMix(
        name: "planetlab", flows: 83_712,
        unusable: Row(both: 68, forward: 0, reverse: 2, flows: 10360),
        translated: Row(both: 7704, forward: 0, reverse: 0, flows: 10281),
        isn: Row(both: 924, forward: 178, reverse: 0, flows: 10290),
        ecnIP: Row(both: 16, forward: 1342, reverse: 48, flows: 10283),
        ecnTCP: Row(both: 19, forward: 46, reverse: 0, flows: 10285),
        ecnTCPAdded: Row(both: 16, forward: 0, reverse: 0, flows: 10261),
        mssAdded: Row(both: 119, forward: 47, reverse: 1036, flows: 10258),
        mssLowered: [
            Row(both: 21, forward: 0, reverse: 1132, flows: 10281),
            Row(both: 1113, forward: 0, reverse: 0, flows: 10275),
            Row(both: 1105, forward: 157, reverse: 0, flows: 10294),
        ],
        sack: Row(both: 1, forward: 24, reverse: 0, flows: 10123),
        timestamp: Row(both: 26, forward: 2, reverse: 0, flows: 10279),
        scaleAdded: Row(both: 45, forward: 0, reverse: 0, flows: 10265),
        scaleChanged: Row(both: 24, forward: 0, reverse: 0, flows: 10279),
        multipath: Row(both: 24, forward: 837, reverse: 0, flows: 10267),
        experimental: Row(both: 20, forward: 884, reverse: 0, flows: 10266))

    static let ark = SurveyMix(
        name: "ark", flows: 21_504,
        unusable: Row(both: 4, forward: 0, reverse: 0, flows: 2684),
        translated: Row(both: 2114, forward: 0, reverse: 0, flows: 2677),
        isn: Row(both: 0, forward: 48, reverse: 0, flows: 2680),
        ecnIP: Row(both: 11, forward: 342, reverse: 0, flows: 2675),
        ecnTCP: Row(both: 16, forward: 0, reverse: 0, flows: 2675),
        ecnTCPAdded: Row(both: 6, forward: 0, reverse: 0, flows: 2670),
        mssAdded: Row(both: 10, forward: 96, reverse: 140, flows: 2668),
        mssLowered: [
            Row(both: 5, forward: 0, reverse: 139, flows: 2674), Row(both: 134, forward: 12, reverse: 12, flows: 2678),
            Row(both: 140, forward: 154, reverse: 12, flows: 2672),
        ],
        sack: Row(both: 0, forward: 0, reverse: 0, flows: 2667),
        timestamp: Row(both: 10, forward: 0, reverse: 0, flows: 2672),
        scaleAdded: Row(both: 9, forward: 0, reverse: 0, flows: 2665),
        scaleChanged: Row(both: 5, forward: 0, reverse: 0, flows: 2669),
        multipath: Row(both: 8, forward: 0, reverse: 0, flows: 2673),
        experimental: Row(both: 13, forward: 0, reverse: 0, flows: 2676))

    /// One flow: a kind of SYN and a path for it.
    func draw(_ random: inout SeededRandom) throws -> SimulatedPath {
        let trial = ProbeTrial.seed[Int.random(in: 0..<ProbeTrial.seed.count, using: &random)]
        var box = Middlebox(parameters: ChangeParameters(using: &random))
        var forward: [HeaderChange] = []
        var reverse: [HeaderChange] = []
        func roll(_ row: Row, _ place: Double) -> (forward: Bool, reverse: Bool) {
            switch Int(place * Double(row.flows)) {
            case ..<row.both: (true, true)
            case ..<(row.both + row.forward): (true, false)
            case ..<(row.both + row.forward + row.reverse): (false, true)
            default: (false, false)
            }
        }
        func apply(_ row: Row, _ changes: [HeaderChange], _ place: Double) {
            let hit = roll(row, place)
            if hit.forward { forward += changes }
            if hit.reverse { reverse += changes }
        }
        func strip(_ row: Row, _ kind: UInt8, _ place: Double) {
            let hit = roll(row, place)
            if hit.forward { box.strippedForward.append(kind) }
            if hit.reverse { box.strippedReverse.append(kind) }
        }
        func place(_ random: inout SeededRandom) -> Double { .random(in: 0..<1, using: &random) }
        let options = place(&random)
        func has(_ kind: UInt8) -> Bool { trial.options.contains { $0.bytes.first == kind } }

        apply(unusable, [.windowOffset, .identificationZeroed], place(&random))
        apply(isn, [.isnTranslated], place(&random))
        if trial.usesECN {
            apply(ecnIP, [.ectCleared], place(&random))
            apply(ecnTCP, [.ecnFlagsCleared], place(&random))
        } else {
            apply(ecnTCPAdded, [.ecnFlagsFlipped], place(&random))
        }
        var size: UInt16?
        for case .maximumSegmentSize(let announced) in trial.options { size = announced }
        // Boxes lower to what they let through: below 480, or below every other size.
        box.parameters.mssMost = size == 480 ? 440 : 1380
        switch size {
        case nil: apply(mssAdded, [.mssAdded], options)
        case 480: apply(mssLowered[0], [.mssLowered], options)
        case 1600: apply(mssLowered[2], [.mssLowered], options)
        default: apply(mssLowered[1], [.mssLowered], options)
        }
        if has(TCPOption.windowScaleKind) {
            strip(scaleChanged, TCPOption.windowScaleKind, options)
        } else {
            apply(scaleAdded, [.windowScaleAdded], options)
        }
        if has(TCPOption.sackPermittedKind) { strip(sack, TCPOption.sackPermittedKind, options) }
        if has(TCPOption.timestampKind) { strip(timestamp, TCPOption.timestampKind, options) }
        if has(TCPOption.multipathKind) { strip(multipath, TCPOption.multipathKind, options) }
        if has(TCPOption.unusedKind) { strip(experimental, TCPOption.unusedKind, options) }
        let stripped = (box.strippedForward, box.strippedReverse)
        box = Middlebox(
            forward: forward, reverse: reverse, parameters: box.parameters,
            translation: roll(translated, place(&random)).forward
                ? .init(
                    address: .random(in: .min ... .max, using: &random), port: .random(in: 1...1023, using: &random))
                : nil)
        (box.strippedForward, box.strippedReverse) = stripped
        return SimulatedPath(
            initiator: Initiator(
                template: try Templates.syn(
                    ecn: trial.usesECN ? .ect0 : .notECT, flags: trial.usesECN ? [.syn, .ece, .cwr] : .syn,
                    options: trial.options, &random)),
            box: box)
    }
}

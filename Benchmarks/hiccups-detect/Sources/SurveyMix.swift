import HiccupsGuard

/// Path behaviours in the shares that the seed's survey found (tables 8.5 and 8.6).
///
/// The survey sent eight kinds of SYN over each path; so does this mix, one kind a flow, evenly. Rows are drawn
/// independently.
/// Counts are flows that changed both ways, forward only and back only, of all flows of that row.
struct SurveyMix {
    struct Row {
        let both: Int
        let forward: Int
        let reverse: Int
        let flows: Int
    }

    let name: String
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
    let scaleReplaced: Row
    let multipath: Row
    let experimental: Row

    static let planetLab = SurveyMix(
        name: "planetlab",
        unusable: Row(both: 68, forward: 0, reverse: 2, flows: 10360),
        translated: Row(both: 7704, forward: 0, reverse: 2, flows: 10281),
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
        scaleReplaced: Row(both: 24, forward: 0, reverse: 0, flows: 10279),
        multipath: Row(both: 24, forward: 837, reverse: 0, flows: 10267),
        experimental: Row(both: 20, forward: 884, reverse: 0, flows: 10266))

    static let ark = SurveyMix(
        name: "ark",
        unusable: Row(both: 4, forward: 0, reverse: 0, flows: 2684),
        translated: Row(both: 2114, forward: 0, reverse: 0, flows: 2677),
        isn: Row(both: 0, forward: 48, reverse: 0, flows: 2680),
        ecnIP: Row(both: 11, forward: 342, reverse: 0, flows: 2675),
        ecnTCP: Row(both: 16, forward: 0, reverse: 0, flows: 2675),
        ecnTCPAdded: Row(both: 6, forward: 0, reverse: 0, flows: 2661),
        mssAdded: Row(both: 10, forward: 96, reverse: 140, flows: 2668),
        mssLowered: [
            Row(both: 5, forward: 0, reverse: 139, flows: 2674), Row(both: 134, forward: 12, reverse: 12, flows: 2678),
            Row(both: 140, forward: 154, reverse: 12, flows: 2672),
        ],
        sack: Row(both: 0, forward: 0, reverse: 0, flows: 2667),
        timestamp: Row(both: 10, forward: 0, reverse: 0, flows: 2672),
        scaleAdded: Row(both: 9, forward: 0, reverse: 0, flows: 2665),
        scaleReplaced: Row(both: 5, forward: 0, reverse: 0, flows: 2669),
        multipath: Row(both: 8, forward: 0, reverse: 0, flows: 2673),
        experimental: Row(both: 13, forward: 0, reverse: 0, flows: 2676))

    /// One flow: a kind of SYN and a path for it.
    func draw(_ random: inout SplitMix64) throws -> SimulatedPath {
        var parameters = ChangeParameters(using: &random)
        var box = Middlebox(parameters: parameters)
        var options: [TCPOption] = [.sackPermitted, .timestamp(value: 1, echo: 0)]
        var size: UInt16? = 1460
        var ecn = ECNCodepoint.notECT
        var flags: TCPFlags = .syn
        func roll(_ row: Row, _ random: inout SplitMix64) -> (forward: Bool, reverse: Bool) {
            switch Int.random(in: 0..<row.flows, using: &random) {
            case ..<row.both: (true, true)
            case ..<(row.both + row.forward): (true, false)
            case ..<(row.both + row.forward + row.reverse): (false, true)
            default: (false, false)
            }
        }
        var forward: [HeaderChange] = []
        var reverse: [HeaderChange] = []
        func apply(_ row: Row, _ changes: [HeaderChange], _ random: inout SplitMix64) {
            let hit = roll(row, &random)
            if hit.forward { forward += changes }
            if hit.reverse { reverse += changes }
        }
        func strip(_ row: Row, _ kind: UInt8, _ random: inout SplitMix64) {
            let hit = roll(row, &random)
            if hit.forward { box.strippedForward.append(kind) }
            if hit.reverse { box.strippedReverse.append(kind) }
        }
        apply(unusable, [.windowOffset, .identificationZeroed], &random)
        apply(isn, [.isnTranslated], &random)
        let isTranslated = roll(translated, &random).forward
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            apply(ecnTCPAdded, [.ecnFlagsFlipped], &random)
            apply(scaleAdded, [.windowScaleAdded], &random)
        case 1:
            ecn = .ect0
            flags = [.syn, .ece, .cwr]
            apply(ecnIP, [.ectCleared], &random)
            apply(ecnTCP, [.ecnFlagsCleared], &random)
        case 2:
            size = nil
            apply(mssAdded, [.mssAdded], &random)
        case 3: (size, parameters.mssMost) = announce(480, mssLowered[0], &random, apply)
        case 4: (size, parameters.mssMost) = announce(1460, mssLowered[1], &random, apply)
        case 5: (size, parameters.mssMost) = announce(1600, mssLowered[2], &random, apply)
        case 6:
            options += [.windowScale(3), .multipath([0, 0x81, 1, 2, 3, 4, 5, 6, 7, 8])]
            strip(multipath, TCPOption.multipathKind, &random)
            strip(timestamp, TCPOption.timestampKind, &random)
            apply(scaleReplaced, [.windowScaleReplaced], &random)
        default:
            options.append(.other(kind: TCPOption.unusedKind, [1, 2]))
            strip(experimental, TCPOption.unusedKind, &random)
            strip(sack, TCPOption.sackPermittedKind, &random)
        }
        if let size { options.insert(.maximumSegmentSize(size), at: 0) }
        let stripped = (box.strippedForward, box.strippedReverse)
        box = Middlebox(
            forward: forward, reverse: reverse, parameters: parameters,
            translation: isTranslated
                ? .init(
                    address: .random(in: .min ... .max, using: &random), port: .random(in: 1...1023, using: &random))
                : nil)
        (box.strippedForward, box.strippedReverse) = stripped
        return SimulatedPath(
            initiator: Initiator(template: try Templates.syn(ecn: ecn, flags: flags, options: options, &random)),
            box: box)
    }

    private func announce(
        _ size: UInt16, _ row: Row, _ random: inout SplitMix64,
        _ apply: (Row, [HeaderChange], inout SplitMix64) -> Void
    ) -> (UInt16?, UInt16) {
        apply(row, [.mssLowered], &random)
        return (size, size - 40)
    }
}

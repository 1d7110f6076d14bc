import HiccupsGuard
import L45Model
import Testing

@Suite("Table 7.6: each change is detected, none is imagined")
struct DetectionTests {
    /// Which narrow types and which carriers a change shows in: by hand, from tables 5.4 and 7.6.
    static func expected(_ change: HeaderChange) -> (types: Set<Coverage>, carrier: Carrier?) {
        switch change {
        case .ectCleared, .ceDegraded: ([.ecnIP, .noOptions, .noNAT, .full], nil)
        case .dontFragmentFlipped: ([.flags, .noOptions, .noNAT, .full], nil)
        case .ecnFlagsCleared, .ecnFlagsFlipped: ([.ecnTCP, .noOptions, .noNAT, .full], nil)
        case .identificationZeroed: ([], .ipid)
        case .isnTranslated: ([], .isn)
        case .windowOffset: ([], .window)
        // The added option makes the header longer.
        case .mssAdded: ([.mss, .lengths, .onlyOptions, .noOptions, .noNAT, .full], nil)
        case .windowScaleAdded: ([.windowScale, .lengths, .onlyOptions, .noOptions, .noNAT, .full], nil)
        case .mssLowered: ([.mss, .onlyOptions, .noNAT, .full], nil)
        case .windowScaleReplaced: ([.windowScale, .onlyOptions, .noNAT, .full], nil)
        case .reservedBitsSet: ([.safe, .noOptions, .noNAT, .full], nil)
        }
    }

    @Test("Nothing changed, nothing seen, under every type", arguments: Coverage.allCases)
    func nothing(coverage: Coverage) throws {
        var random = SeededRandom(seed: 1)
        for template in [try Samples.syn(), try Samples.syn6(), try Samples.syn(ecn: .ce, options: [])] {
            let seen = try Samples.path(template).exchange(PerCarrier(all: coverage), using: &random)
            #expect(seen.synReading.verdict == .intact(coverage, overwritten: nil))
            #expect(seen.reply.evidence == 3)
            #expect(seen.reply.forwardIntact(capable: false) == true)
            #expect(seen.reply.reverseIntact(coverage) == true)
        }
    }

    @Test(
        "Each change forward is told by the status bits, under the types that cover it only",
        arguments: HeaderChange.allCases)
    func forward(change: HeaderChange) throws {
        let (types, carrier) = Self.expected(change)
        var random = SeededRandom(seed: 2)
        for coverage in Coverage.allCases {
            let path = Samples.path(try Samples.template(for: change), forward: [change], seed: 5)
            let seen = try path.exchange(PerCarrier(all: coverage), using: &random)
            #expect(path.initiator.accepts(seen.synAckArrived, answering: seen.syn), "the connection opens")
            if types.contains(coverage) {
                #expect(seen.synReading.verdict == .changedOrIncapable, "\(coverage.name)")
                #expect(seen.reply.status?.count { $0 } ?? 3 < 2, "\(coverage.name)")
            } else {
                #expect(seen.synReading.verdict == .intact(coverage, overwritten: carrier), "\(coverage.name)")
                #expect(seen.reply.status == PerCarrier(carrier != .isn, carrier != .ipid, carrier != .window))
            }
            #expect(seen.reply.forwardIntact(capable: false) == !types.contains(coverage), "\(coverage.name)")
            #expect(seen.reply.reverseIntact(coverage) == true, "\(coverage.name)")
        }
    }

    @Test("Each change on the way back is told by the fragments", arguments: HeaderChange.allCases)
    func reverse(change: HeaderChange) throws {
        let (types, carrier) = Self.expected(change)
        var random = SeededRandom(seed: 3)
        for coverage in Coverage.allCases {
            let path = Samples.path(try Samples.template(for: change), reverse: [change], seed: 6)
            let seen = try path.exchange(PerCarrier(all: coverage), using: &random)
            #expect(seen.synReading.verdict == .intact(coverage, overwritten: nil))
            #expect(seen.reply.forwardIntact(capable: true) == true, "\(coverage.name)")
            #expect(seen.reply.reverseIntact(coverage) == !types.contains(coverage), "\(coverage.name)")
            if !types.contains(coverage) {
                #expect(seen.reply.matches == PerCarrier(carrier != .isn, carrier != .ipid, carrier != .window))
            }
        }
    }

    @Test("All at once overwrites all three carriers, and no type passes in that direction")
    func all() throws {
        var random = SeededRandom(seed: 4)
        for coverage in Coverage.allCases {
            for (forward, reverse) in [
                (HeaderChange.allCases, []), ([], HeaderChange.allCases),
                (HeaderChange.allCases, HeaderChange.allCases),
            ] {
                let path = Samples.path(try Samples.syn(), forward: forward, reverse: reverse, seed: 9)
                let seen = try path.exchange(PerCarrier(all: coverage), using: &random)
                if !forward.isEmpty { #expect(seen.synReading.verdict == .changedOrIncapable) }
                if !reverse.isEmpty { #expect(seen.reply.reverseIntact(coverage) != true) }
                #expect(
                    seen.reply.forwardIntact(capable: false) != true || seen.reply.reverseIntact(coverage) != true)
            }
        }
    }

    @Test(
        "Random combinations in both directions under random types: verdicts are what a comparison of the headers says",
        arguments: [UInt64](1...12))
    func combinations(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        for round in 0..<600 {
            func some() -> [HeaderChange] {
                HeaderChange.allCases.filter { _ in Int.random(in: 0..<6, using: &random) == 0 }
            }
            let template = try Samples.syn(
                ecn: ECNCodepoint.allCases.randomElement(using: &random) ?? .ce,
                options: Bool.random(using: &random) ? Samples.options : Samples.sparseOptions)
            let path = Samples.path(
                template, forward: some(), reverse: some(), seed: seed << 32 | UInt64(round),
                translated: .random(using: &random))
            let coverage = Coverage.allCases.randomElement(using: &random) ?? .null
            let seen = try path.exchange(PerCarrier(all: coverage), using: &random)
            let forward = seen.forward
            let reverse = seen.reverse
            let arrivedWell = !forward.changed.contains(coverage) && forward.overwritten.count < 2
            let taken = if case .intact(coverage, _) = seen.synReading.verdict { true } else { false }
            #expect(taken == arrivedWell)
            guard forward.overwritten.count < 2, reverse.overwritten.count < 2 else { continue }
            #expect(seen.reply.forwardIntact(capable: true) == arrivedWell)
            // A lone match by chance beside an overwritten carrier is answered as "changed", which leaves the way back
            // open.
            if seen.synReading.matches.count({ $0 }) == 1, seen.reply.reverseIntact(coverage) == nil { continue }
            #expect(seen.reply.reverseIntact(coverage) == !reverse.changed.contains(coverage))
        }
    }

    @Test("A router that marks congestion is not a change; one that clears the mark is")
    func congestion() throws {
        for coverage in [Coverage.full, .noNAT, .noOptions, .ecnIP] {
            for sent in [ECNCodepoint.ect0, .ect1] {
                var syn = try Samples.syn(ecn: sent)
                syn.sealSYN(PerCarrier(all: coverage), salt: 1, by: .plain)
                syn.ip.ecn = .ce
                #expect(syn.readSYN(by: .plain).verdict == .intact(coverage, overwritten: nil))
                syn.ip.ecn = .notECT
                #expect(syn.readSYN(by: .plain).verdict == .changedOrIncapable)
            }
            var plain = try Samples.syn(ecn: .notECT)
            plain.sealSYN(PerCarrier(all: coverage), salt: 1, by: .plain)
            plain.ip.ecn = .ce
            #expect(plain.readSYN(by: .plain).verdict == .changedOrIncapable, "who sent no ECT must not be marked")
        }
    }

    @Test("The answer goes under the type that matched, else the majority's, else type 16, which says so")
    func replies() throws {
        let syn = try Samples.syn()
        var sealed = syn
        sealed.sealSYN(PerCarrier(all: .mss), salt: 1, by: .plain)
        let carriers = sealed.carriers
        func reading(_ carriers: PerCarrier<UInt16>) -> SynReading {
            var packet = syn
            packet.setCarriers(carriers, salt: 1)
            return packet.readSYN(by: .plain)
        }
        let wrong = carriers.isn ^ 1
        #expect(reading(carriers).replyCoverage == PerCarrier(all: .covering(.mss)))
        #expect(
            reading(PerCarrier(0x0abc, carriers.ipid, carriers.window)).replyCoverage
                == PerCarrier(all: .covering(.mss)))
        #expect(reading(PerCarrier(wrong, carriers.ipid ^ 1, 0x0abc)).replyCoverage == PerCarrier(all: .covering(.mss)))
        let lost = reading(PerCarrier(0x0abc, 0x1abc, 0x2abc))
        #expect(lost.replyCoverage == PerCarrier(all: .changed))

        let answer = Responder().answer(
            {
                var packet = syn; packet.setCarriers(PerCarrier(0x0abc, 0x1abc, 0x2abc), salt: 1); return packet
            }(), salt: 3)
        let read = answer.synAck.readSYNACK(answering: carriers, by: .plain)
        #expect(read.evidence == 3, "the initiator tries type 16 too")
        #expect(read.replied == PerCarrier(all: .changed))
        #expect(read.forwardIntact(capable: false) == false)
        #expect(answer.synAck.tcp.window >= 32_768)
    }

    /// An IPID of 0 names HNONAT; where that type's second fragment happens to end in twelve zeros, it matches.
    @Test("An overwritten carrier that matches another type by chance is overwritten all the same")
    func chance() throws {
        var found = 0
        for port in UInt16(1024)...30_000 {
            var syn = try Samples.syn()
            syn.tcp.urgentPointer = port
            var probe = syn
            probe.sealSYN(PerCarrier(all: .noNAT), salt: 0, by: .plain)
            guard probe.carriers.ipid == 0 else { continue }
            found += 1
            syn.sealSYN(PerCarrier(all: .timestamp), salt: 3, by: .plain)
            syn.ip.identification = 0
            let reading = syn.readSYN(by: .plain)
            #expect(reading.verdict == .intact(.timestamp, overwritten: .ipid))
            #expect(reading.replyCoverage == PerCarrier(all: .covering(.timestamp)))
        }
        #expect(found > 0)
    }
}

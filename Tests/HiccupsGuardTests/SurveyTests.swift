import Testing

@testable import HiccupsGuard

struct TargetListTests {
    @Test("A block is each of its addresses, one port after the other")
    func block() throws {
        var list = TargetList()
        try list.add(block: "192.0.2.252/30", ports: [80, 443])
        try list.add(try #require(HostAddress("198.51.100.1")), ports: [22])
        let jobs = list.jobs(trials: 1).map { "\($0.target.address):\($0.target.port)" }
        #expect(list.count == 9)
        #expect(
            jobs == [
                "192.0.2.252:80", "192.0.2.253:80", "192.0.2.254:80", "192.0.2.255:80", "198.51.100.1:22",
                "192.0.2.252:443", "192.0.2.253:443", "192.0.2.254:443", "192.0.2.255:443",
            ])
    }

    @Test("Trials are the outermost loop, and what need not be asked again is left out")
    func trials() throws {
        var list = TargetList()
        try list.add(block: "2001:db8::fffe/127", ports: [443])
        let jobs = list.jobs(trials: 2) { $0.trial == 1 || $0.target.address != HostAddress("2001:db8::ffff") }
        #expect(
            jobs.map { "\($0.target.address) \($0.trial)" } == [
                "2001:db8::fffe 0", "2001:db8::fffe 1", "2001:db8::ffff 1",
            ])
    }

    @Test("Nobody to ask is nobody asked")
    func empty() { #expect(Array(TargetList().jobs(trials: 8)).isEmpty) }

    @Test(
        "What is no block, or beyond all bounds, is refused",
        arguments: [
            "192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "0.0.0.0/0", "2001:db8::/64", "x/24",
            "1.2.3.4/8/8",
        ])
    func refused(text: String) {
        var list = TargetList()
        #expect(throws: ProbeError.self) { try list.add(block: text, ports: [1]) }
        #expect(list.count == 0)
    }

    @Test("Too many pairs are refused in whole")
    func bound() throws {
        var list = TargetList()
        try list.add(block: "10.0.0.0/8", ports: [1, 2])
        #expect(throws: ProbeError.self) { try list.add(block: "11.0.0.0/8", ports: Array(1...20)) }
        #expect(list.count == 1 << 25)
    }

    @Test("Ports are numbers and ranges, each once")
    func ports() throws {
        #expect(try PortList.parse("22,8000-8002,22") == [22, 8000, 8001, 8002])
        #expect(try PortList.parse("65535") == [65535])
        for text in ["", "0", "80,", "9-8", "65536", "1-2-3", "http", "-1"] {
            #expect(throws: ProbeError.self, "\(text)") { try PortList.parse(text) }
        }
    }
}

struct ProbeTrialTests {
    @Test("What is written is what is read")
    func roundTrip() throws {
        for trial in ProbeTrial.seed { #expect(try ProbeTrial(parsing: trial.description) == trial) }
        for text in [
            "mss=1400,sackok,ts=7,wscale=14,mptcp,tfo,nop,ecn", "tfo=0011223344556677", "99:cafe,253:", "30:00", "none",
            "ecn",
        ] {
            #expect(try ProbeTrial(parsing: text).description == text)
        }
    }

    @Test(
        "What is no option is refused",
        arguments: [
            "", "mss", "mss=0", "mss=65536", "wscale=15", "sackok=1", "1:00", "0:", "256:00", "99:0", "99:zz",
            "mptcp,,ts", "nonsense",
        ])
    func refused(text: String) { #expect(throws: ProbeError.self) { try ProbeTrial(parsing: text) } }

    @Test("More than a header has room for is refused")
    func room() {
        #expect(throws: ProbeError.self) { try ProbeTrial(parsing: "99:" + String(repeating: "00", count: 39)) }
    }
}

struct SurveySummaryTests {
    private static let clean = String(repeating: "=", count: 19)

    private func record(
        _ outcome: SurveyRecord.Outcome = .capable, asked: String = "mss=1460,sackok", exchanges: Int = 1,
        syn: String = clean, synAck: String = clean
    ) throws -> SurveyRecord {
        var report = ProbeReport(
            target: ProbeTarget(address: try #require(HostAddress("192.0.2.1")), port: 443), outcome: .capable)
        report.exchanges = exchanges
        return SurveyRecord(report, asked: asked).with(outcome, syn: syn, synAck: synAck)
    }

    /// Verdicts, some of them changed.
    private func verdicts(changed: [Coverage] = [], carriers: [Carrier] = [], unknown: [Coverage] = []) -> String {
        let types = Coverage.allCases.map { changed.contains($0) ? "x" : unknown.contains($0) ? "?" : "=" }
        let rest = Carrier.allCases.map { carriers.contains($0) ? "x" : "=" }
        return (types + rest).joined()
    }

    @Test("Types are counted by the directions in which they arrive unchanged")
    func types() throws {
        let mss = verdicts(changed: [.noNAT, .full, .onlyOptions, .mss])
        var summary = SurveySummary()
        summary.add(try record())
        summary.add(try record(syn: mss))
        summary.add(try record(synAck: mss))
        summary.add(try record(syn: mss, synAck: mss))
        summary.add(try record(syn: verdicts(unknown: [.mss])))
        summary.add(try record(.silent))
        summary.add(try record(.notCapable))
        let sides = summary[.mss]
        #expect((sides.both, sides.syn, sides.synAck, sides.neither, sides.unknown) == (1, 1, 1, 1, 1))
        #expect(summary[.safe].both == 5)
        #expect(summary.flows == 7)
        #expect(summary.silent == 1)
        #expect(summary.outcomes[.notCapable] == 1)
    }

    @Test("Changes are told from additions by what was asked for")
    func changes() throws {
        let scale = verdicts(changed: [.noNAT, .full, .onlyOptions, .windowScale])
        let size = verdicts(changed: [.noNAT, .full, .onlyOptions, .mss])
        var summary = SurveySummary()
        summary.add(try record(asked: "mss=480", syn: scale, synAck: size))
        summary.add(try record(asked: "mss=1460,wscale=7", syn: scale, synAck: scale))
        summary.add(try record(asked: "none", syn: size))
        #expect(summary.changes[.windowScaleAdded]?.syn == 1)
        #expect(summary.changes[.windowScaleAdded]?.known == 2)
        #expect(summary.changes[.windowScale]?.both == 1)
        #expect(summary.changes[.mss(480)]?.synAck == 1)
        #expect(summary.changes[.mss(1460)]?.neither == 1)
        #expect(summary.changes[.mssAdded]?.syn == 1)
    }

    @Test("SACK-permitted and the flags, which one type covers, are told apart by the wide types")
    func sack() throws {
        var summary = SurveySummary()
        summary.add(try record(syn: verdicts(changed: [.noNAT, .full, .onlyOptions, .flags])))
        summary.add(try record(syn: verdicts(changed: [.noNAT, .full, .noOptions, .flags])))
        #expect(summary.changes[.sack]?.syn == 1)
        #expect(summary.changes[.flags]?.syn == 1)
    }

    @Test("HFULL is told by its parts where nobody asked for it")
    func full() throws {
        var summary = SurveySummary()
        summary.add(try record(syn: verdicts(unknown: [.full]), synAck: verdicts(unknown: [.full])))
        summary.add(try record(syn: verdicts(changed: [.nat], unknown: [.full])))
        #expect(summary[.full].both == 1)
        #expect(summary[.full].synAck == 1)
    }

    @Test("Exchanges are counted over flows that are capable")
    func exchanges() throws {
        var summary = SurveySummary()
        for exchanges in [1, 1, 2, 8] { summary.add(try record(exchanges: exchanges)) }
        summary.add(try record(.notCapable, exchanges: 2))
        #expect(summary.meanExchanges == 3)
        #expect(summary.share(within: 1) == 0.5)
        #expect(summary.share(within: 2) == 0.75)
        #expect(summary.exchanges == 14)
    }
}

extension SurveyRecord {
    fileprivate func with(_ outcome: Outcome, syn: String, synAck: String) -> SurveyRecord {
        var copy = self
        copy.outcome = outcome
        copy.syn = syn
        copy.synAck = synAck
        return copy
    }
}

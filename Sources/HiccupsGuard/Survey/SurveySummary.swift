/// The tables of a survey, counted flow by flow: by type as the seed's table 8.4, by change as its tables 8.5 and 8.6, and the
/// exchanges as its figure 8.3.
package struct SurveySummary: Sendable {
    /// In which directions something arrived as it was sent (by type), or changed (by change).
    package struct Sides: Hashable, Sendable {
        package var both = 0
        package var syn = 0
        package var synAck = 0
        package var neither = 0
        /// In one direction at least, nobody knows.
        package var unknown = 0

        mutating func count(_ syn: Bool?, _ synAck: Bool?) {
            guard let syn, let synAck else {
                unknown += 1
                return
            }
            switch (syn, synAck) {
            case (true, true): both += 1
            case (true, false): self.syn += 1
            case (false, true): self.synAck += 1
            case (false, false): neither += 1
            }
        }

        package var known: Int { both + syn + synAck + neither }
    }

    package private(set) var flows = 0
    package private(set) var outcomes: [SurveyRecord.Outcome: Int] = [:]
    package private(set) var answeredFromElsewhere = 0
    package private(set) var exchanges = 0
    package private(set) var syns = 0
    /// Capable flows alone, by the number of the type: intact in which directions.
    private var types = [Sides](repeating: Sides(), count: Coverage.allCases.count)
    /// Changed in which directions.
    package private(set) var changes: [SurveyChange: Sides] = [:]
    /// Capable flows by the exchanges that they took.
    package private(set) var byExchanges: [Int: Int] = [:]
    private var trials: [String: [(change: SurveyChange, coverage: Coverage)]] = [:]

    package init() {}

    package subscript(coverage: Coverage) -> Sides { types[Int(coverage.rawValue)] }

    /// Flows that never answered, which the seed calls timeouts.
    package var silent: Int { outcomes[.silent] ?? 0 }

    /// Share of flows that were answered in HICCUPS within so many exchanges, 0 to 1.
    package func share(within most: Int) -> Double {
        let solved = byExchanges.reduce(0) { $0 + ($1.key <= most ? $1.value : 0) }
        return Double(solved) / Double(max(outcomes[.capable] ?? 0, 1))
    }

    /// Exchanges per capable flow.
    package var meanExchanges: Double {
        let all = byExchanges.reduce(0) { $0 + $1.key * $1.value }
        return Double(all) / Double(max(outcomes[.capable] ?? 0, 1))
    }

    package mutating func add(_ record: SurveyRecord) {
        flows += 1
        outcomes[record.outcome, default: 0] += 1
        exchanges += record.exchanges
        syns += record.syns
        if record.answeredFrom != nil { answeredFromElsewhere += 1 }
        guard record.isWhole, record.outcome == .capable || record.outcome == .notCapable else { return }
        let isCapable = record.outcome == .capable
        changes[.notCapable, default: Sides()].count(!isCapable, !isCapable)
        guard isCapable else { return }
        byExchanges[record.exchanges, default: 0] += 1
        for coverage in Coverage.allCases {
            types[Int(coverage.rawValue)].count(
                Self.type(coverage, record, .forward), Self.type(coverage, record, .reverse))
        }
        func count(_ change: SurveyChange, _ isIntact: (Direction) -> Bool?) {
            changes[change, default: Sides()].count(isIntact(.forward).map { !$0 }, isIntact(.reverse).map { !$0 })
        }
        for (change, coverage) in rows(record.asked) { count(change) { record.isIntact($0, coverage) } }
        for (change, carrier) in [(SurveyChange.isn, Carrier.isn), (.ipid, .ipid), (.window, .window)] {
            count(change) { record.isIntact($0, carrier) }
        }
        // HFLAGS covers SACK-permitted and the flags: the other options and the other header fields tell which it was.
        count(.sack) { Self.part(record.isIntact($0, .flags), record.isIntact($0, .onlyOptions)) }
        count(.flags) { Self.part(record.isIntact($0, .flags), record.isIntact($0, .noOptions)) }
    }

    /// HFULL is all of HNONAT and HNAT, which tell it where it was not asked for itself.
    private static func type(_ coverage: Coverage, _ record: SurveyRecord, _ direction: Direction) -> Bool? {
        let own = record.isIntact(direction, coverage)
        guard coverage == .full, own == nil else { return own }
        let parts = [record.isIntact(direction, Coverage.noNAT), record.isIntact(direction, Coverage.nat)]
        return parts.contains(false) ? false : parts.contains(nil) ? nil : true
    }

    /// Changed where both the part and the whole that it lies in are.
    private static func part(_ isIntact: Bool?, _ isWholeIntact: Bool?) -> Bool? {
        if isIntact == true || isWholeIntact == true { return true }
        return isIntact == false && isWholeIntact == false ? false : nil
    }

    private mutating func rows(_ asked: String) -> [(change: SurveyChange, coverage: Coverage)] {
        if let known = trials[asked] { return known }
        let rows = (try? ProbeTrial(parsing: asked)).map(SurveyChange.rows) ?? []
        // Lines of a file may say anything; as many different ones as a survey has are kept.
        if trials.count < 1024 { trials[asked] = rows }
        return rows
    }
}

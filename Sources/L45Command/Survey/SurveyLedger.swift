import Foundation
import HiccupsGuard
import Synchronization

/// What a survey has found so far: the tables, and the file of results. Told of each report by the thread that probes.
final class SurveyLedger: Sendable {
    private struct State {
        var summary = SurveySummary()
        var file: ResultsFile?
        var pace = Pace()
        var failure: String?
    }

    /// How far it has come in this run.
    struct Pace: Hashable, Sendable {
        var flows = 0
        var silent = 0
        var syns = 0

        mutating func add(_ report: ProbeReport) {
            flows += 1
            syns += report.synsSent
            if report.outcome == .silent { silent += 1 }
        }
    }

    private let state = Mutex(State())
    private let asked: [String]
    private let stop: StopFlag

    /// - Parameters:
    ///   - trials: as ``ProbeReport/trial`` numbers them.
    ///   - stop: set where the results cannot be written.
    init(trials: [ProbeTrial], stop: StopFlag) {
        asked = trials.map(\.description)
        self.stop = stop
    }

    /// Results go there from now on; those that it holds count.
    func keep(in file: ResultsFile, earlier: [SurveyRecord]) {
        state.withLock { state in
            for record in earlier { state.summary.add(record) }
            state.file = file
        }
    }

    func take(_ report: ProbeReport) {
        let record = SurveyRecord(report, asked: asked[report.trial])
        state.withLock { state in
            state.summary.add(record)
            state.pace.add(report)
            if let failure = state.file?.write(record.line), state.failure == nil {
                state.failure = failure
                stop.set()
            }
        }
    }

    var pace: Pace { state.withLock { $0.pace } }
    var summary: SurveySummary { state.withLock { $0.summary } }

    /// Writes what is left to write.
    /// - Returns: why the file of results is not whole, if it is not.
    func finish() -> String? {
        state.withLock { state in
            let last = state.file?.flush()
            return state.failure ?? last
        }
    }
}

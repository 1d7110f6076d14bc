private import Glibc
internal import Synchronization

/// Probes paths from this host.
package enum PathProbe {
    /// One path. Ends within `timeout` times ``Interrogation/exchangesMax`` at worst, and earlier when the task is cancelled.
    /// - Throws: ``ProbeError``, where nothing can be probed at all.
    package static func run(_ target: ProbeTarget, _ options: ProbeOptions = .init()) async throws -> ProbeReport {
        guard let report = try await run([target], options).first else { throw CancellationError() }
        return report
    }

    /// Many paths at once, over one socket; reports in the order in which they end.
    package static func run(_ targets: [ProbeTarget], _ options: ProbeOptions = .init()) async throws -> [ProbeReport] {
        let stop = StopFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<[ProbeReport], any Error>) in
                // A thread of its own: the loop blocks in poll.
                BlockingThread.start {
                    continuation.resume(
                        with: Result {
                            var engine = try ProbeEngine(targets, options)
                            var reports: [ProbeReport] = []
                            try engine.run(stop) { reports.append($0) }
                            if stop.isSet { throw CancellationError() }
                            return reports
                        })
                }
            }
        } onCancel: {
            stop.set()
        }
    }
}

/// Tells a blocking loop to end; the loops look every 50 ms.
package final class StopFlag: Sendable {
    private let flag = Atomic(false)
    package init() {}
    package func set() { flag.store(true, ordering: .releasing) }
    package var isSet: Bool { flag.load(ordering: .acquiring) }
    static let lookEvery: Int64 = 50_000_000
}

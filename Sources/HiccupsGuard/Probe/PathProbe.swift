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
    ///
    /// - Parameter each: told of each report as it comes, on the probing thread.
    package static func run(
        _ targets: [ProbeTarget], _ options: ProbeOptions = .init(),
        each: @escaping @Sendable (ProbeReport) -> Void = { _ in }
    ) async throws -> [ProbeReport] {
        let stop = StopFlag()
        let jobs = targets.flatMap { target in
            options.everyTrial.indices.map { ProbeJob(target: target, trial: $0) }
        }
        let all = Mutex<[ProbeReport]>([])
        try await withTaskCancellationHandler {
            try await survey(jobs, options, stop) { report in
                all.withLock { $0.append(report) }
                each(report)
            }
        } onCancel: {
            stop.set()
        }
        if stop.isSet { throw CancellationError() }
        return all.withLock { $0 }
    }

    /// As many jobs as there are, of which only those under way take memory. Ends early, and well, once `stop` is set.
    ///
    /// - Parameters:
    ///   - jobs: made as they are needed.
    ///   - each: told of each report as it comes, on the probing thread, which waits meanwhile.
    /// - Throws: ``ProbeError``, where nothing can be probed at all.
    package static func survey(
        _ jobs: some Sequence<ProbeJob> & Sendable, _ options: ProbeOptions, _ stop: StopFlag,
        each: @escaping @Sendable (ProbeReport) -> Void
    ) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            // A thread of its own: the loop blocks in poll.
            BlockingThread.start {
                continuation.resume(
                    with: Result {
                        var engine = try ProbeEngine(options)
                        var left = jobs.makeIterator()
                        try engine.run(stop, next: { left.next() }, done: each)
                    })
            }
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

import Dispatch

/// Runs an actor whose work blocks, on disk and kernel, on a queue of its own, so that no thread of the cooperative pool
/// waits with it.
final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(_ name: String) { queue = DispatchQueue(label: name) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

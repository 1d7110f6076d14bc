private import Dispatch

/// A queue of its own for an actor that runs programs to their end: no thread of the cooperative pool waits with it.
final class GateExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "l45.gates")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

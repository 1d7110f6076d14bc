package import L45Model
import Synchronization

/// An operator's request that is being carried out: the first transaction of it takes its line of the audit trail along.
///
/// By a task-local value and not by an argument, so that no change can be added that leaves no trace because somebody forgot
/// to hand it on.
package final class AuditSlot: Sendable {
    @TaskLocal package static var current: AuditSlot?

    let caller: Caller
    package let verb: String
    let at: Timestamp
    private let state: Mutex<State>

    private struct State {
        var objects: [String]
        var detail: String?
        var isOpen = true
    }

    package init(caller: Caller, verb: String, objects: [String], at: Timestamp) {
        self.caller = caller
        self.verb = verb
        self.at = at
        state = Mutex(State(objects: objects))
    }

    package var objects: [String] { state.withLock { $0.objects } }

    /// Nothing of the request is in the trail yet.
    package var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Says more exactly what the request is about.
    package func name(_ objects: [String]) { state.withLock { $0.objects = objects } }

    package var detail: String? { state.withLock { $0.detail } }

    /// What the change came to, for the line that goes with it.
    package func say(_ detail: String) { state.withLock { $0.detail = detail } }

    func close() { state.withLock { $0.isOpen = false } }
}

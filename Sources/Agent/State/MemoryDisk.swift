import Foundation
import L45Model
import Synchronization

/// A disk for a simulated device: it outlives the agent's process, and fails as it is told to.
package final class MemoryDisk: Sendable {
    package enum Fault: Hashable, Sendable, CaseIterable {
        /// No room: nothing is written.
        case full
        /// An input/output error: nothing is written.
        case broken
    }

    private struct State {
        var ledger: Ledger?
        var fault: Fault?
        var stores = 0
    }
    private let state = Mutex(State())

    package init() {}

    package var ledger: Ledger? { state.withLock { $0.ledger } }
    /// How often a ledger was written.
    package var stores: Int { state.withLock { $0.stores } }
    /// Every write fails so; nil: none does.
    package func fail(_ fault: Fault?) { state.withLock { $0.fault = fault } }

    func store(_ ledger: Ledger) throws(StateError) {
        let fault = state.withLock { state -> Fault? in
            if state.fault == nil {
                state.ledger = ledger
                state.stores += 1
            }
            return state.fault
        }
        switch fault {
        case nil: return
        case .full: throw .full(path: "the simulated disk", bytes: 0, errno: ENOSPC)
        case .broken: throw .system(operation: "write", path: "the simulated disk", errno: EIO)
        }
    }
}

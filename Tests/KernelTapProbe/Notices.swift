import Foundation
import KernelTap
import Synchronization

/// What a tap has told; a tap has one listener.
final class Notices: Sendable {
    private let seen = Mutex<[TapNotice.Kind]>([])

    init(_ tap: NetlinkTap) {
        Task { [weak self] in
            for await notice in tap.notices { self?.seen.withLock { $0.append(notice.kind) } }
        }
    }

    func forget() { seen.withLock { $0 = [] } }
    var kinds: [TapNotice.Kind] { seen.withLock { $0 } }
}

/// Tells a thread to end, and waits until it has.
final class Flag: Sendable {
    private let state = Mutex((set: false, done: false))

    var isSet: Bool { state.withLock { $0.set } }
    func done() { state.withLock { $0.done = true } }
    func setAndWait() {
        state.withLock { $0.set = true }
        while !state.withLock({ $0.done }) { usleep(1000) }
    }
}

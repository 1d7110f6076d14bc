import NIOCore

/// Decides when to say that we live, and when a peer that says nothing is gone. Both ends speak unasked, so no answer
/// is waited for. Pure: time is an input.
struct Heartbeat: Equatable {
    enum Action: Equatable {
        case ping
        /// Nothing was heard for this long, which is over the limit.
        case gone(silence: TimeAmount)
    }

    let every: TimeAmount
    let silenceMax: TimeAmount
    private var heardAt: NIODeadline
    private var saidAt: NIODeadline
    /// We leave the peer's words unread: its silence means nothing.
    private var deaf = false

    init(every: TimeAmount, silenceMax: TimeAmount, now: NIODeadline) {
        self.every = every
        self.silenceMax = silenceMax
        heardAt = now
        saidAt = now
    }

    mutating func heard(at now: NIODeadline) { heardAt = now }
    mutating func said(at now: NIODeadline) { saidAt = now }

    mutating func setDeaf(_ deaf: Bool, now: NIODeadline) {
        self.deaf = deaf
        heardAt = now
    }

    /// What is due at `now`; a ping counts as said.
    mutating func tick(now: NIODeadline) -> Action? {
        if !deaf, now - heardAt >= silenceMax { return .gone(silence: now - heardAt) }
        guard now - saidAt >= every else { return nil }
        saidAt = now
        return .ping
    }

    /// When `tick` is to be called next.
    var nextAt: NIODeadline { deaf ? saidAt + every : min(saidAt + every, heardAt + silenceMax) }
}

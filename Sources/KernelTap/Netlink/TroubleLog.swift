package import L45Model

/// Sockets that stay plain although a module matches them, lately: for the device's problems. Pure.
package struct TroubleLog: Sendable {
    /// Longer ago is no problem of today.
    package static let span = Span.seconds(600)
    package static let kindsMax = 8

    /// Sockets of one program, left alone for one reason.
    private struct Key: Hashable {
        var kind: TapNotice.Kind
        var process: String
        var reason: String
    }
    private struct Trouble {
        var key: Key
        var count: Int
        var latest: Timestamp
        var text: String
    }
    /// The latest last.
    private var troubles: [Trouble] = []

    package init() {}

    package mutating func note(_ notice: TapNotice, now: Timestamp) {
        guard notice.kind == .refused || notice.kind == .failed, !notice.isExpected else { return }
        let key = Key(kind: notice.kind, process: notice.process, reason: notice.reason)
        let before = troubles.first { $0.key == key }?.count ?? 0
        troubles.removeAll { $0.key == key }
        troubles.append(Trouble(key: key, count: before + 1 + notice.lost, latest: now, text: notice.text))
        if troubles.count > Self.kindsMax { troubles.removeFirst() }
    }

    /// In words; what is older than `span` is left out. A clock that went back shows more, never less.
    package func problems(now: Timestamp) -> [String] {
        troubles.filter { now - $0.latest <= Self.span }.map { trouble in
            let sockets = trouble.count == 1 ? "a socket" : "\(trouble.count) sockets"
            let owner = trouble.key.process.isEmpty ? "" : " of \(trouble.key.process)"
            let why =
                trouble.key.kind == .failed
                ? "the kernel had no memory for the tap; close it and open it again"
                : trouble.key.reason.isEmpty ? "it must not be tapped" : trouble.key.reason
            let example = trouble.text.isEmpty ? "" : " (last: \(trouble.text))"
            return "\(sockets)\(owner) that a module matches stayed plain: \(why)\(example)"
        }
    }
}

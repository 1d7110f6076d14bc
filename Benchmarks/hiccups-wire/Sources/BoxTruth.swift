import HiccupsGuard
import Synchronization

/// What the box has done to each path, by comparison of the headers on its two sides: what the probe must find, and
/// nothing else.
final class BoxTruth: Sendable {
    struct Path: Sendable {
        var changed: [Direction: Set<Coverage>] = [:]
        var overwritten: [Direction: Set<Carrier>] = [:]
        /// Answers that passed.
        var handshakes = 0

        func changed(_ direction: Direction) -> Set<Coverage> { changed[direction] ?? [] }
        func overwritten(_ direction: Direction) -> Set<Carrier> { overwritten[direction] ?? [] }
        /// In one direction at least, two carriers do not arrive: HICCUPS can not be used, by its own rule.
        var isUnusable: Bool { Direction.allCases.contains { overwritten($0).count >= 2 } }
        var isClean: Bool { Direction.allCases.allSatisfy { changed($0).isEmpty && overwritten($0).isEmpty } }
    }

    /// By the far end's port, of which each path has one.
    private let paths = Mutex<[UInt16: Path]>([:])

    func take(_ passage: BoxConnections.Passage) {
        let isSYN = passage.before.isSYN
        let port = isSYN ? passage.before.tcp.destinationPort : passage.before.tcp.sourcePort
        let comparison = HeaderComparison(sent: passage.before, received: passage.after)
        paths.withLock { paths in
            var path = paths[port] ?? Path()
            path.changed[passage.direction, default: []].formUnion(comparison.changed)
            path.overwritten[passage.direction, default: []].formUnion(comparison.overwritten)
            if !isSYN { path.handshakes += 1 }
            paths[port] = path
        }
    }

    /// All since the last call.
    func drain() -> [UInt16: Path] {
        paths.withLock { paths in
            defer { paths = [:] }
            return paths
        }
    }
}

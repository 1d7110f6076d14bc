import Agent
import Foundation
import HiccupsGuard
import L45Model
import Synchronization

/// Two empty network namespaces, so that two agents of one process have a firewall each. Root only.
final class PathLab: Sendable {
    static let isPossible =
        getuid() == 0 && ["nft", "ip"].allSatisfy { (try? SystemTool(["which", $0]).run()) != nil }

    let near: String
    let far: String
    let prober = ScriptedProber()

    init() throws {
        let stem = "l45p\(UInt32.random(in: 0...UInt32.max))"
        near = stem + "a"
        far = stem + "b"
        for each in [near, far] { try SystemTool(["ip", "netns", "add", each]).run() }
    }

    deinit { for each in [near, far] { _ = try? SystemTool(["ip", "netns", "del", each]).run() } }

    func seams(_ namespace: String) -> PathSeams {
        PathSeams(
            prober: prober, meter: NoMeter(),
            keeper: GateKeeper(runner: ["ip", "netns", "exec", namespace]), answers: false)
    }

    func rules(_ namespace: String) throws -> String {
        try SystemTool(["ip", "netns", "exec", namespace, "nft", "list", "ruleset"]).run()
    }
}

/// Nothing is sent.
struct NoMeter: PathMeter {
    func rate(of path: GuardedPath) async -> Double? { nil }
}

/// Sees what a story tells it to.
final class ScriptedProber: PathProber {
    private let sight = Mutex(PathSight())
    func show(_ sight: PathSight) { self.sight.withLock { $0 = sight } }
    func look(at path: GuardedPath) async throws -> PathSight { sight.withLock { $0 } }
}

import ControlChannel
import Foundation
import Inventory
import L45Model
import Logging
import Orchestrator
import Reconciler

/// One orchestrator with a CIB on the disk, and a fleet of simulated agents in a process of its own.
final class Measurement {
    let count: Int
    private let orchestrator: NetworkOrchestrator
    private let folder: URL
    private var runner: Task<Void, any Error>?
    private let agents = Process()

    init(count: Int) throws {
        self.count = count
        folder = FileManager.default.temporaryDirectory.appending(path: "l45-bench-\(getpid())-\(count)")
        var logger = Logger(label: "nco")
        logger.logLevel = .error
        orchestrator = try NetworkOrchestrator(
            configuration: OrchestratorConfiguration(
                stateFolder: folder.path, host: "127.0.0.1", port: 0,
                policy: RolloutPolicy(drainBound: .milliseconds(1)), reportEvery: .seconds(600)),
            logger: logger)
    }

    /// Starts both; returns when every agent has reported over its connection.
    func start() async throws {
        let orchestrator = orchestrator
        runner = Task { try await orchestrator.run() }
        let port = try await poll("the orchestrator to listen") { await orchestrator.port }
        let input = Pipe()
        agents.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        agents.arguments = ["agents", "\(port)", "\(count)"]
        agents.standardInput = input
        try agents.run()
        let keys = try CanonicalJSON.encode([orchestrator.authority.certificatePEM, orchestrator.authority.keyPEM])
        try input.fileHandleForWriting.write(contentsOf: keys)
        try input.fileHandleForWriting.close()
        _ = try await poll("all agents to report") { [count] in
            await orchestrator.fleet.reporting == count ? true : nil
        }
    }

    /// From "desired" to "in the CIB as confirmed by every tap", in seconds.
    func deploy(artifactBytes: Int) async throws -> Double {
        let content = Data((0..<artifactBytes).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        let reference = try orchestrator.inventory.put(content, at: .now())
        let begin = ContinuousClock.now
        try await apply(artifact: reference)
        _ = try await poll("every tap to have the module, by the CIB") { [orchestrator, count] in
            let reports = try orchestrator.inventory.fleet().reports
            return reports.count == count && reports.values.allSatisfy { !$0.modules.isEmpty } ? true : nil
        }
        return seconds(since: begin)
    }

    func settle() async throws {
        _ = try await poll("the rollout to settle") { [orchestrator] in
            await orchestrator.fleet.isSettled("bench") ? true : nil
        }
    }

    /// One whole rotation: deploy, flip, deprecate, drain, revoke, on every device; in seconds.
    func rotate() async throws -> Double {
        let begin = ContinuousClock.now
        _ = await orchestrator.answer(.rollout(RolloutRequest(.rotate, "bench")))
        try await settle()
        return seconds(since: begin)
    }

    func apply(artifact: ArtifactReference? = nil) async throws {
        let extra = artifact.map { "\n      artifact: {sha256: \($0.digest), bytes: \($0.bytes)}" } ?? ""
        let text = """
            name: bench
            clients: {role: workstation}
            servers: {role: resolver}
            intent:
              - tag:
                  application: {process: dig}
                  transport: udp
                  port: 53
                  dialect: {at: front, bytes: 32}\(extra)
            """
        let answer = await orchestrator.answer(.apply(ApplyRequest(sources: [APISource(origin: "bench", text: text)])))
        guard case .applied = answer else { throw BenchError("the intent was refused: \(answer)") }
    }

    func apply(text: String) async throws {
        let answer = await orchestrator.answer(.apply(ApplyRequest(sources: [APISource(origin: "bench", text: text)])))
        guard case .applied = answer else { throw BenchError("the intents were refused: \(answer)") }
    }

    func put(_ file: Data) throws -> ArtifactReference { try orchestrator.inventory.put(file, at: .now()) }

    func set(_ level: PostureLevel) async throws {
        let answer = await orchestrator.answer(.setLevel(LevelRequest(level: level, by: "bench")))
        guard case .level = answer else { throw BenchError("the level was refused: \(answer)") }
    }

    /// Until the CIB holds that the last tap has confirmed the level.
    func waitForLevel(_ level: PostureLevel) async throws {
        _ = try await poll("level \(level)") { [orchestrator] in
            let standing = await orchestrator.postureStanding
            return standing?.level == level && standing?.reachedAt != nil ? true : nil
        }
    }

    /// Questions to the fleet's devices in turn, one every 10 ms, and how long their answers take.
    func roundTrips(for span: Span) async throws -> RoundTrips {
        let devices = await orchestrator.fleet.devices.keys.sorted()
        var times: [Double] = []
        let begin = ContinuousClock.now
        var at = 0
        while ContinuousClock.now - begin < .milliseconds(span.milliseconds) {
            let sent = ContinuousClock.now
            if await orchestrator.isAlive(devices[at % devices.count]) {
                times.append((ContinuousClock.now - sent) / .milliseconds(1))
            }
            at += 1
            try await Task.sleep(for: .milliseconds(10))
        }
        return RoundTrips(times)
    }

    var port: Int { get async { await orchestrator.port ?? 0 } }
    var reporting: Int { get async { await orchestrator.fleet.reporting } }
    /// Devices that were ever taken.
    var known: Int { get async { await orchestrator.fleet.devices.count } }

    /// Resident memory of this process, the orchestrator's, in KiB.
    static func residentKiB() -> Int {
        let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
            .dropFirst().first
        return (pages.flatMap { Int($0) } ?? 0) * sysconf(Int32(_SC_PAGESIZE)) / 1024
    }

    /// Processor seconds of this process so far.
    static func processorSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    func stop() async {
        agents.terminate()
        agents.waitUntilExit()
        runner?.cancel()
        _ = await runner?.result
        try? FileManager.default.removeItem(at: folder)
    }

    private func seconds(since begin: ContinuousClock.Instant) -> Double { (ContinuousClock.now - begin) / .seconds(1) }

    /// Waits in steps of 5 ms, three minutes at most.
    private func poll<Value>(_ what: String, _ read: () async throws -> Value?) async throws -> Value {
        for _ in 0..<36_000 {
            if let value = try await read() { return value }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw BenchError("gave up waiting for \(what)")
    }
}

struct BenchError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension IntentName: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(value) }
}

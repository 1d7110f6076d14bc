import ControlChannel
import Foundation
import Inventory
import L45Model
import Logging
import NIOCore
import Orchestrator
import Reconciler

/// All agents come back at once: an orchestrator that was killed is started again on the same CIB and port.
///
/// The orchestrator is a process of its own, so that its peak is its own, and so is the fleet. The time is from the start of the
/// new process until every tap has reported over its new connection and no flow is unsettled.
struct Reconnect {
    let count: Int
    private let folder: URL
    private let port: Int

    init(count: Int) throws {
        self.count = count
        folder = FileManager.default.temporaryDirectory.appending(path: "l45-bench-\(getpid())-reconnect")
        port = try Self.freePort()
    }

    func run() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let keys = try Self.makeAuthority(folder)
        var orchestrator = try Child(["orchestrator", folder.path, "\(port)", "\(count)"])
        defer { orchestrator.kill() }
        let agents = try Child(["agents", "\(port)", "\(count)"], input: keys)
        defer { agents.kill() }
        _ = try orchestrator.line("consistent")
        try await apply()
        _ = try orchestrator.line("settled")
        orchestrator.kill()
        let begin = ContinuousClock.now
        orchestrator = try Child(["orchestrator", folder.path, "\(port)", "\(count)"])
        let words = try orchestrator.line("consistent")
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        guard let peak = words.last.flatMap({ Int($0) }) else { throw BenchError("no peak in \(words)") }
        report("RESULT reconnect_\(count)_s=\(seconds.formatted(.number.precision(.fractionLength(2)))) s")
        report("RESULT reconnect_\(count)_peak_mib=\(peak / 1024) MiB")
    }

    private func apply() async throws {
        let text = """
            name: bench
            clients: {role: workstation}
            servers: {role: resolver}
            intent:
              - tag dig DNS
            """
        let client = OperatorClient(path: folder.path + "/api.sock")
        let answer = try await client.call(
            .apply(ApplyRequest(sources: [APISource(origin: "bench", text: text)])), within: .seconds(300))
        guard case .applied = answer else { throw BenchError("the intent was refused: \(answer)") }
    }

    /// The CIB as a first start leaves it, and the authority that certifies the fleet.
    private static func makeAuthority(_ folder: URL) throws -> Data {
        let first = try NetworkOrchestrator(configuration: configuration(folder.path, port: 0), logger: silent)
        let keys = try CanonicalJSON.encode([first.authority.certificatePEM, first.authority.keyPEM])
        try first.inventory.close()
        return keys
    }

    private static var silent: Logger {
        var logger = Logger(label: "nco")
        logger.logLevel = .error
        return logger
    }

    private static func configuration(_ folder: String, port: Int) -> OrchestratorConfiguration {
        OrchestratorConfiguration(
            stateFolder: folder, host: "127.0.0.1", port: port, policy: RolloutPolicy(drainBound: .milliseconds(1)),
            reportEvery: .seconds(600))
    }

    private static func freePort() throws -> Int {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0 else { throw BenchError("no socket") }
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard bound else { throw BenchError("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// The orchestrator's process: says `consistent PEAK-KIB` when the fleet is back, and `settled` when an intent is.
    static func orchestrate(folder: String, port: Int, count: Int) async throws {
        let orchestrator = try NetworkOrchestrator(configuration: configuration(folder, port: port), logger: silent)
        let running = Task { try await orchestrator.run() }
        await orchestrator.waitUntil { $0.reporting == count && $0.unsettled.isEmpty && $0.tablesAreConfirmed }
        report("consistent \(peakKiB())")
        await orchestrator.waitUntil { !$0.statuses.isEmpty && $0.unsettled.isEmpty && $0.tablesAreConfirmed }
        report("settled")
        try await running.value
    }

    private static func peakKiB() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
}

extension FleetState {
    /// Each device's tap runs, by its own word over its present connection, the table decided for it.
    fileprivate var tablesAreConfirmed: Bool {
        devices.values.allSatisfy { $0.table == nil || $0.report?.generation == $0.table?.generation }
    }
}

/// This program again, in a process of its own, with its standard output as lines.
final class Child {
    private let process = Process()
    private let output = Pipe()
    private var rest = Data()

    init(_ arguments: [String], input: Data? = nil) throws {
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.standardOutput = output
        let pipe = Pipe()
        if input != nil { process.standardInput = pipe }
        try process.run()
        if let input {
            try pipe.fileHandleForWriting.write(contentsOf: input)
            try pipe.fileHandleForWriting.close()
        }
    }

    /// Waits for the next line that begins with this word.
    func line(_ word: String) throws -> [Substring] {
        while true {
            while let end = rest.firstIndex(of: 10) {
                let words = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
                rest = Data(rest[(end + 1)...])
                if words.first == Substring(word) { return words }
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw BenchError("'\(word)' was not said before the end") }
            rest += more
        }
    }

    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

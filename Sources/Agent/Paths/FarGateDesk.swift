import HiccupsGuard
import L45Model

/// Asks for gates at far devices by way of the orchestrator: what is wanted stands in each report, until the answer comes
/// that the far devices have it.
actor FarGateDesk: FarGates {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private struct Wait {
        let ticket: Int
        let gates: [PathGate]
        let continuation: CheckedContinuation<Void, any Error>
    }

    /// How long the far devices are waited for: less than a machine's step.
    private let patience: Duration
    private let changed: @Sendable () -> Void
    private var wanted: [PathName: [PathGate]]
    private var confirmed: [PathName: [PathGate]]
    private var waits: [PathName: Wait] = [:]
    private var tickets = 0
    private var isConnected = false

    /// - Parameters:
    ///   - held: what the far devices were told by an earlier process.
    ///   - changed: something is to be reported.
    init(
        held: [PathName: [PathGate]], patience: Duration = .seconds(30), changed: @escaping @Sendable () -> Void
    ) {
        wanted = held
        confirmed = held
        self.patience = patience
        self.changed = changed
    }

    func wanted(_ path: PathName) -> [PathGate] { wanted[path] ?? [] }
    func isWaiting(_ path: PathName) -> Bool { waits[path] != nil }

    func set(_ gates: [PathGate], for path: GuardedPath) async throws {
        let name = PathName(path.name)
        if confirmed[name] ?? [] == gates, wanted[name] ?? [] == gates { return }
        guard isConnected else {
            throw Failure(description: "the orchestrator is away, so no far device can be told of gates")
        }
        wanted[name] = gates
        confirmed[name] = nil
        tickets += 1
        let ticket = tickets
        let clock = Task { [patience] in
            try await Task.sleep(for: patience)
            self.expire(name, ticket)
        }
        defer { clock.cancel() }
        try await withCheckedThrowingContinuation { continuation in
            waits.removeValue(forKey: name)?.continuation.resume(throwing: Failure(description: "asked anew"))
            waits[name] = Wait(ticket: ticket, gates: gates, continuation: continuation)
            changed()
        }
    }

    /// The orchestrator says that the far devices have them.
    func held(_ path: PathName, _ gates: [PathGate]) {
        guard wanted[path] ?? [] == gates else { return }
        confirmed[path] = gates
        guard let wait = waits[path], wait.gates == gates else { return }
        waits[path] = nil
        wait.continuation.resume()
    }

    /// These paths are guarded from now on: what was wanted for others is wanted no more.
    func keepOnly(_ paths: Set<PathName>) {
        wanted = wanted.filter { paths.contains($0.key) }
        confirmed = confirmed.filter { paths.contains($0.key) }
    }

    func connected() { isConnected = true }

    func disconnected() {
        isConnected = false
        let left = waits
        waits = [:]
        for wait in left.values {
            wait.continuation.resume(
                throwing: Failure(description: "the orchestrator went away before a far device confirmed"))
        }
    }

    private func expire(_ path: PathName, _ ticket: Int) {
        guard let wait = waits[path], wait.ticket == ticket else { return }
        waits[path] = nil
        wait.continuation.resume(
            throwing: Failure(description: "the far devices did not confirm their gates within \(patience)"))
    }
}

import KernelTap
import L45Model

/// Makes a simulated tap count, as if programs talked: what the modules that send have sent, and what came for it.
struct DemoTraffic: Sendable {
    let tap: SimulatedTap
    /// Devices differ in how much they talk.
    let seed: UInt64

    private static let period = Duration.milliseconds(500)

    func run() async throws {
        var counts: [ModuleID: ModuleStatistics] = [:]
        while true {
            let modules = tap.table?.modules ?? []
            counts = counts.filter { id, _ in modules.contains { $0.plan.id == id } }
            for entry in modules {
                let next = Self.next(counts[entry.plan.id] ?? ModuleStatistics(), entry, seed)
                counts[entry.plan.id] = next
                tap.show(Self.report(entry, next))
            }
            try await Task.sleep(for: Self.period)
        }
    }

    private static func next(_ before: ModuleStatistics, _ entry: ModuleEntry, _ seed: UInt64) -> ModuleStatistics {
        var counts = before
        // Who stands by hears nothing in its dialect, who is drained no longer either.
        guard entry.state == .active else { return counts }
        let messages = 1 + seed % 5
        counts.messagesSent += messages
        counts.messagesReceived += messages
        counts.bytesSent += messages * 64
        counts.bytesReceived += messages * 180
        return counts
    }

    private static func report(_ entry: ModuleEntry, _ counts: ModuleStatistics) -> ModuleReport {
        let isActive = entry.state == .active
        let time = isActive ? Timestamp.now() : .never
        return ModuleReport(
            id: entry.plan.id, state: entry.state, enforcing: entry.enforcing, sockets: isActive ? 1 : 0,
            activeAt: time,
            sentAt: time, receivedAt: time, statistics: counts)
    }
}

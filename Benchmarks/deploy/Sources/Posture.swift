import Foundation
import L45Model
import Orchestrator

/// A change of level against the same intents applied to devices that have nothing: pairs, in one run.
///
/// Four intents are in force from CPCON2 on, each with a file of 600 KB. Warm: they stand by on every device, and the level
/// goes up, and down again. Cold: they are applied with a posture that has them in force at once. Both end when every tap,
/// by its own word, sends what it should.
extension Measurement {
    private static let ports = [53, 5301, 5302, 5303]

    /// - Parameter level: the level that the document declares.
    private func applySet(at level: String) async throws {
        var documents = [
            """
            name: bench-posture
            intent:
              - threat level \(level)
              - use bench-* from CPCON2
            """
        ]
        for port in Self.ports {
            let content = Data((0..<600 * 1024).map { UInt8(truncatingIfNeeded: ($0 &* 31 &+ $0 >> 8) ^ port) })
            let reference = try put(content)
            documents.append(
                """
                name: bench-\(port)
                clients: {role: workstation}
                servers: {role: resolver}
                intent:
                  - tag:
                      application: {process: dig}
                      transport: udp
                      port: \(port)
                      dialect: {at: front, bytes: 32}
                      artifact: {sha256: \(reference.digest), bytes: \(reference.bytes)}
                """)
        }
        try await apply(text: documents.joined(separator: "\n---\n"))
    }

    /// From the word to the last confirmation, in seconds, by this process's own clock.
    private func reach(_ level: String, _ begin: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await begin()
        try await waitForLevel(PostureLevel(level))
        return (ContinuousClock.now - start) / .seconds(1)
    }

    func coldPosture() async throws -> Double {
        try await reach("CPCON2") { try await applySet(at: "CPCON2") }
    }

    /// - Returns: up, and down again.
    func warmPosture() async throws -> (up: Double, down: Double) {
        try await applySet(at: "CPCON5")
        try await waitForLevel(PostureLevel("CPCON5"))
        let up = try await reach("CPCON2") { try await set(PostureLevel("CPCON2")) }
        let down = try await reach("CPCON5") { try await set(PostureLevel("CPCON5")) }
        return (up, down)
    }
}

/// Medians of `rounds` pairs.
func measurePosture(agents: Int, rounds: Int) async throws {
    var cold: [Double] = []
    var up: [Double] = []
    var down: [Double] = []
    for _ in 0..<rounds {
        let first = try Measurement(count: agents)
        try await first.start()
        cold.append(try await first.coldPosture())
        await first.stop()
        let second = try Measurement(count: agents)
        try await second.start()
        let warm = try await second.warmPosture()
        up.append(warm.up)
        down.append(warm.down)
        await second.stop()
    }
    func median(_ values: [Double]) -> String {
        values.sorted()[values.count / 2].formatted(.number.precision(.fractionLength(3)))
    }
    let ratio = zip(cold, up).map { $0 / $1 }
    report("RESULT posture_\(agents)_s=\(median(up)) s")
    report("RESULT posture_back_\(agents)_s=\(median(down)) s")
    report("RESULT posture_cold_\(agents)_s=\(median(cold)) s")
    report("RESULT posture_cold_to_warm=\(median(ratio)) x")
}

import IntentCompiler
import L45Model
import Reconciler

/// A fleet of N devices in which each takes part in ten of N/10 intents, a hundred devices in each, one of them the server.
struct LargeFleet {
    let devices: [Device]
    let entries: [CompilerInput.Entry]
    let modules: Int
    let now = Timestamp(1_750_000_000_000)
    private let plans: [DevicePlan]
    private let secret = Secret([UInt8](repeating: 45, count: 32))

    private static let kinds = 10
    private static let size = 100
    /// Without a common divisor with 100, so that each group of each kind has one of the first hundred devices of each block.
    private static let strides = [1, 3, 7, 9, 11, 13, 17, 19, 21, 23]

    init(devices count: Int) throws {
        let groups = count / Self.size
        devices = (0..<count).map { number in
            // Servers are spread so that each group has one: the number within a hundred says the group's part.
            var labels = ["role": number < groups ? "server" : "client"]
            for kind in 0..<Self.kinds {
                labels["k\(kind)"] = "g\((number * Self.stride(kind, groups) + number / groups * kind) % groups)"
            }
            let id = DeviceID(String(Digest(of: Array("device \(number)".utf8)).hex.prefix(32)))
            let address = AddressBlock("10.\(number / 65536).\(number / 256 % 256).\(number % 256)")
            return Device(
                id: id,
                facts: DeviceFacts(
                    name: "host-\(number)", labels: labels, addresses: [address].compactMap { $0 }, taps: [.preload],
                    agentVersion: "1"))
        }
        entries = try (0..<Self.kinds).flatMap { kind in
            try (0..<groups).map { group in
                let text = """
                    name: k\(kind)-g\(group)
                    clients: {role: client, k\(kind): g\(group)}
                    servers: {role: server, k\(kind): g\(group)}
                    intent:
                      - tag:
                          application: {process: dig}
                          transport: udp
                          port: \(5000 + kind)
                          dialect: {at: front, bytes: 32}
                    """
                return try Self.entry(text)
            }
        }
        let compilation = IntentCompiler.compile(
            CompilerInput(entries: entries, devices: devices, rootSecret: secret))
        if let refusal = compilation.diagnostics.first(where: { $0.severity == .error }) {
            throw BenchFailure(refusal.rendered())
        }
        plans = compilation.plans
        modules = plans.reduce(0) { $0 + $1.modules.count }
    }

    private static func entry(_ text: String) throws -> CompilerInput.Entry {
        let parsed = IntentParser.parse(IntentSource(origin: "bench", text: text))
        guard let intent = parsed.intents.first, !parsed.diagnostics.hasErrors else {
            throw BenchFailure(parsed.diagnostics.map { $0.rendered() }.joined(separator: "\n"))
        }
        return CompilerInput.Entry(intent, epoch: .first)
    }

    /// The same intents, of which two kinds belong to a posture, and two of a third have a delay behind them.
    func orderedEntries() throws -> [CompilerInput.Entry] {
        let stages = try ["g0", "g1"].map { group in
            try Self.entry(
                """
                name: late-\(group)
                after: k1-\(group)
                clients: {role: client, k1: \(group)}
                servers: {role: server, k1: \(group)}
                intent: [monitor dig UDP on port 5001 requests, delay 5ms]
                """)
        }
        let posture = try Self.entry(
            """
            name: levels
            intent: [threat level CPCON5, use k2-* from CPCON4, use k3-* from CPCON3]
            """)
        return entries + stages + [posture]
    }

    /// A step that has no common divisor with the number of groups: each group then has one server.
    private static func stride(_ kind: Int, _ groups: Int) -> Int {
        var step = strides[kind]
        while !areCoprime(step, groups) { step += 1 }
        return step
    }

    private static func areCoprime(_ a: Int, _ b: Int) -> Bool { b == 0 ? a == 1 : areCoprime(b, a % b) }

    func input(_ entries: [CompilerInput.Entry]) -> CompilerInput {
        CompilerInput(entries: entries, devices: devices, rootSecret: secret)
    }

    /// Every tap runs what its plan says.
    var settled: FleetSnapshot {
        let byID = Dictionary(devices.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var snapshots: [DeviceID: DeviceSnapshot] = [:]
        var statuses: [FlowName: RolloutStatus] = [:]
        for plan in plans {
            guard let device = byID[plan.device] else { continue }
            let table = DeviceTable(
                device: plan.device, generation: Generation(3),
                modules: plan.modules.map { ModuleEntry(plan: $0, state: .active) })
            let digest = try? table.contentDigest()
            snapshots[plan.device] = DeviceSnapshot(
                device: device, plan: plan, table: table,
                report: DeviceReport(
                    device: plan.device, takenAt: now, bootID: "boot", tap: .preload, generation: Generation(3),
                    tableDigest: digest, modules: plan.modules.map { ModuleReport(id: $0.id, state: .active) }),
                link: .connected(since: now, reported: true), sentAt: now, tableDigest: digest)
            for module in plan.modules {
                statuses[module.flow] = RolloutStatus(
                    intent: module.intent, flow: module.flow, epoch: module.epoch, phase: .settled, paused: false,
                    waiting: [], since: now)
            }
        }
        return FleetSnapshot(devices: snapshots, statuses: statuses)
    }

    /// Intents of one kind that together have a hundredth of the devices, at least one intent.
    private var rotating: [IntentName] { (0..<max(1, devices.count / 10_000)).map { IntentName("k0-g\($0)") } }
    /// Devices that they have.
    var changing: Int { rotating.count * Self.size }

    /// The same, with those intents rotated.
    var rotated: FleetSnapshot {
        let rotating = rotating
        let next = entries.map { entry in
            CompilerInput.Entry(
                entry.intent, epoch: rotating.contains(entry.intent.name) ? entry.epoch.next : entry.epoch)
        }
        var snapshot = settled
        for plan in IntentCompiler.compile(input(next)).plans { snapshot.devices[plan.device]?.plan = plan }
        return snapshot
    }
}

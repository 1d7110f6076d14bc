import Foundation
import L45Model
import Reconciler
import Testing

/// Two intents that share devices, faults and changes of mind at random.
@Suite("Random walks")
struct RandomWalks {
    /// Walks in each of eight blocks; `L45_WALKS` asks for more.
    static let walks = ProcessInfo.processInfo.environment["L45_WALKS"].flatMap(UInt64.init) ?? 20

    @Test("Whatever happens, nothing is lost and the fleet ends where the plans say", arguments: 0..<8)
    func walk(block: UInt64) {
        for seed in (block * Self.walks + 1)...((block + 1) * Self.walks) {
            var walk = Walk(seed: seed)
            walk.go(turns: 12)
            guard walk.fleet.settles(within: 500) else {
                Issue.record("seed \(seed), \(walk.story): \(walk.fleet.violations)")
                return
            }
        }
    }

    struct Walk {
        var random: SeededRandom
        let fleet: SimFleet
        var flows: [SimFlow]
        var withdrawn: Set<FlowName> = []
        var epochs: [FlowName: UInt32] = [:]
        var story: [String] = []

        init(seed: UInt64) {
            random = SeededRandom(seed: seed)
            let count = Int.random(in: 3...5, using: &random)
            fleet = SimFleet(devices: count, seed: seed)
            fleet.policy.brakeDevicesMin = 100
            fleet.controlDelayMax = Int.random(in: 1...3, using: &random)
            for id in fleet.ids {
                fleet.devices[id]?.clockOff = Int64.random(in: -40_000_000_000...40_000_000_000, using: &random)
            }
            var dns = SimFlow("dns/0", clients: [SimDevice.id(1), SimDevice.id(2)], servers: [SimDevice.id(3)])
            dns.enforces = Bool.random(using: &random)
            // A device may be both ends of one flow.
            var web = SimFlow("web/0", clients: fleet.ids, servers: [SimDevice.id(1), SimDevice.id(count)])
            web.enforces = Bool.random(using: &random)
            flows = [dns, web]
            if Bool.random(using: &random) {
                fleet.store.strategies[dns.intent] = RolloutStrategy(
                    waves: [.count(1), .percent(Int.random(in: 1...100, using: &random))],
                    soak: .seconds(Int64.random(in: 0...10, using: &random)),
                    maxUnavailable: .count(Int.random(in: 1...3, using: &random)))
            }
        }

        mutating func go(turns: Int) {
            fleet.want(flows)
            for _ in 0..<turns {
                fleet.run(Int.random(in: 0..<30, using: &random))
                turn()
            }
            fleet.store.paused = []
            fleet.policy.brakeDevicesMin = 100
        }

        mutating func turn() {
            let which = Int.random(in: 0..<flows.count, using: &random)
            let name = flows[which].name
            let device = fleet.ids[Int.random(in: 0..<fleet.ids.count, using: &random)]
            switch Int.random(in: 0..<10, using: &random) {
            case 0...3:
                let fault = FaultStories.Fault.allCases[
                    Int.random(in: 0..<FaultStories.Fault.allCases.count, using: &random)]
                story.append("\(fleet.tick) \(fault) \(device)")
                FaultStories.strike(fault, device, fleet)
                return
            case 4, 5:
                epochs[name, default: 1] += 1
                flows[which].epoch = Epoch(epochs[name] ?? 1)
            case 6:
                if flows[which].epoch > .first { flows[which].epoch = Epoch(flows[which].epoch.rawValue - 1) }
            case 7:
                if withdrawn.remove(name) == nil { withdrawn.insert(name) }
            case 8:
                if fleet.store.paused.remove(flows[which].intent) == nil {
                    fleet.store.paused.insert(flows[which].intent)
                }
            default:
                if flows[which].clients.contains(device), flows[which].clients.count > 1 {
                    flows[which].clients.removeAll { $0 == device }
                } else if !flows[which].clients.contains(device) {
                    flows[which].clients.append(device)
                }
            }
            story.append(
                "\(fleet.tick) \(name) edition \(flows[which].epoch) of \(flows[which].clients) withdrawn \(withdrawn) paused \(fleet.store.paused)"
            )
            fleet.want(flows.filter { !withdrawn.contains($0.name) })
        }
    }
}

import IntentCompiler
package import L45Model
import Orchestrator
import Reconciler

extension FleetTrial {
    /// What is tried. A value: with a seed it is the whole story.
    package struct Plan: Hashable, Sendable {
        /// A device, and the address that its peers call it by.
        struct Member: Hashable, Sendable {
            let device: Device
            let address: AddressBlock
        }

        /// A program of one device that speaks to one of another.
        struct Talk: Hashable, Sendable {
            let flow: FlowName
            let client: DeviceID
            let server: DeviceID
            let port: UInt16
            let isStream: Bool
            /// Nobody drops what it says plainly, before the change and after it.
            let isHeardBefore: Bool
            let isHeardAfter: Bool
        }

        let members: [Member]
        let before: [APISource]
        let after: [APISource]
        let removed: [IntentName]
        let talks: [Talk]
        package let drainBound: Span
        package let devicesConcerned: Int
        package let devicesAll: Int
        package let intents: Int

        var simulatedDevices: [SimulatedDevice] { members.map { SimulatedDevice($0.device, address: $0.address) } }
        package var devices: Int { members.count }
    }

    /// Why nothing can be tried.
    package struct Fault: Error, CustomStringConvertible {
        package let description: String
    }
}

extension FleetTrial.Plan {
    /// Intents beside those that change: more tell nothing new, and each has its rotation to be set up.
    private static let bystandersMax = 32
    /// Where a flow is for any port.
    private static let anyPort: UInt16 = 40_000
    /// Of one flow.
    private static let talksMax = 32

    /// - Throws: `FleetTrial.Fault` when the inventory carries no trial: nobody in it speaks.
    package init(_ inventory: PlanInventory) throws {
        let touched = Set(inventory.touched)
        let names = Self.chosen(inventory, touched)
        func sources(_ records: [IntentRecord]) -> [APISource] {
            records.filter { names.contains($0.name) }.map { APISource(origin: $0.origin, text: $0.source) }
        }
        before = sources(inventory.before)
        after = sources(inventory.after)
        let kept = Set(inventory.after.map(\.name))
        removed = inventory.before.map(\.name).filter { !kept.contains($0) && names.contains($0) }
        let devices = inventory.devices.filter { !$0.facts.addresses.isEmpty }
        let old = try Self.flows(inventory.before.filter { names.contains($0.name) }, devices)
        let new = try Self.flows(inventory.after.filter { names.contains($0.name) }, devices)
        let given = (old + new).flatMap { $0.tag.server.addresses + $0.tag.client.addresses }
        members = devices.compactMap { device in
            let addresses = device.facts.addresses
            // Where intents give addresses, the one that they give.
            let called = addresses.first { address in given.contains { $0.overlaps(address) } } ?? addresses.first
            return called.map { Member(device: device, address: $0) }
        }
        talks = Self.talks(old, new)
        // A datagram of the simulation is under way for two seconds at most: less would lose what is in flight.
        drainBound = max(inventory.drainBound, SimulationSetup.policy.drainBound)
        devicesConcerned = inventory.devicesConcerned
        devicesAll = inventory.devicesAll
        intents = names.count
        guard !talks.isEmpty else {
            throw FleetTrial.Fault(
                description: "no two of the \(devices.count) devices have a dialect to speak before or after the change"
            )
        }
    }

    private static func chosen(_ inventory: PlanInventory, _ touched: Set<IntentName>) -> Set<IntentName> {
        let all = Set((inventory.before + inventory.after).map(\.name))
        guard all.count > touched.count + bystandersMax else { return all }
        return touched.union(all.subtracting(touched).sorted().prefix(bystandersMax))
    }

    private struct Flow {
        let name: FlowName
        let tag: TagIntent
        let clients: [DeviceID]
        let servers: [DeviceID]

        func meets(_ server: DeviceID, _ port: UInt16, isStream: Bool) -> Bool {
            (tag.transport == .tcp) == isStream && (tag.port == nil || tag.port == port) && servers.contains(server)
        }
    }

    private static func flows(_ records: [IntentRecord], _ devices: [Device]) throws -> [Flow] {
        let book = try IntentBook(records)
        let compiled = IntentCompiler.compile(
            CompilerInput(
                entries: book.entries, devices: devices, rootSecret: Secret([UInt8](repeating: 0, count: 32))))
        return compiled.summaries.filter { !$0.isRefused }.flatMap { summary -> [Flow] in
            guard let intent = book.intent(summary.name) else { return [] }
            return intent.tags.enumerated().compactMap { index, tag in
                guard !tag.isMonitor, let flow = summary.flows.first(where: { $0.name == intent.flowName(index) })
                else { return nil }
                return Flow(name: flow.name, tag: tag, clients: flow.clients, servers: flow.servers)
            }
        }
    }

    /// Each client with a server and each server with a client, of each flow of before and after.
    private static func talks(_ old: [Flow], _ new: [Flow]) -> [Talk] {
        struct Pair: Hashable {
            let flow: FlowName
            let client: DeviceID
            let server: DeviceID
        }
        func isHeard(_ client: DeviceID, _ server: DeviceID, _ port: UInt16, _ isStream: Bool, _ flows: [Flow]) -> Bool
        {
            flows.allSatisfy { flow in
                !flow.tag.dropUntagged || !flow.meets(server, port, isStream: isStream) || flow.clients.contains(client)
            }
        }
        var seen: Set<Pair> = []
        var talks: [Talk] = []
        for flow in new + old {
            let (clients, servers) = (flow.clients, flow.servers)
            guard !clients.isEmpty, !servers.isEmpty else { continue }
            for step in 0..<min(talksMax, 2 * max(clients.count, servers.count)) {
                let client = clients[step % clients.count]
                let server = servers[(step + step / max(clients.count, servers.count)) % servers.count]
                guard client != server,
                    seen.insert(Pair(flow: flow.name, client: client, server: server)).inserted
                else { continue }
                let port = flow.tag.port ?? anyPort
                let isStream = flow.tag.transport == .tcp
                talks.append(
                    Talk(
                        flow: flow.name, client: client, server: server, port: port, isStream: isStream,
                        isHeardBefore: isHeard(client, server, port, isStream, old),
                        isHeardAfter: isHeard(client, server, port, isStream, new)))
            }
        }
        return talks
    }
}

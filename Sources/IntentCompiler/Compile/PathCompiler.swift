import L45Model

/// Turns guards into the paths of each device, and proves what can be proved of them: that there is somebody to probe, that
/// no address has two policies on one device, and that the tables stay small.
struct PathCompiler {
    private struct Placed {
        let plan: PathPlan
        let place: SourcePlace
    }

    private let devices: [Device]
    private var found: [DeviceID: [Placed]] = [:]
    private var openers: [DeviceID: [Ports: Set<AddressBlock>]] = [:]
    private var diagnostics: [Diagnostic] = []
    private var refused: Set<IntentName> = []

    private struct Ports: Hashable, Comparable {
        let port: UInt16
        let ratePort: UInt16
        static func < (a: Ports, b: Ports) -> Bool { (a.port, a.ratePort) < (b.port, b.ratePort) }
    }

    /// - Parameters:
    ///   - intents: sorted by name; those that select nobody are refused before.
    ///   - devices: the fleet, sorted by id.
    static func compile(
        _ intents: [Intent], _ devices: [Device]
    ) -> (paths: [DevicePaths], diagnostics: [Diagnostic], refused: Set<IntentName>) {
        var compiler = PathCompiler(devices: devices)
        for intent in intents where !intent.guards.isEmpty { compiler.add(intent) }
        compiler.refuseOverlaps()
        compiler.refuseCrowds()
        return (compiler.result(), compiler.diagnostics.ruled(.conflict), compiler.refused)
    }

    private init(devices: [Device]) { self.devices = devices }

    private mutating func add(_ intent: Intent) {
        let clients = devices.filter { intent.clients.matches($0.facts.labels) }
        let servers = devices.filter { intent.servers.matches($0.facts.labels) }
        for item in intent.guards {
            if let probe = item.probe, !item.destinations.isEmpty,
                !item.destinations.contains(where: { $0.contains(probe) })
            {
                tell(intent, item, "the probed address \(probe) is in none of the destinations", "name one that is")
                continue
            }
            var count = 0
            for client in clients {
                // One more than fit is enough to be told.
                guard (found[client.id]?.count ?? 0) <= PathTable.pathsMax else { continue }
                for destination in destinations(of: item, from: client, servers) {
                    count += 1
                    guard let plan = path(intent, item, client, destination) else { break }
                    found[client.id, default: []].append(Placed(plan: plan, place: item.place))
                }
            }
            if count == 0 {
                tell(
                    intent, item,
                    "intent '\(intent.name)' leads nowhere: no device of \(intent.servers) but the clients "
                        + "themselves has an address that they could reach",
                    "select other 'servers:', or add 'to' and an address block")
            }
        }
    }

    /// Of devices, the addresses of the families that the client has too.
    private func destinations(of item: GuardIntent, from client: Device, _ servers: [Device]) -> [AddressBlock] {
        guard item.destinations.isEmpty else { return item.destinations.inOrder }
        let families = client.facts.addresses.isEmpty ? [true, false] : Set(client.facts.addresses.map(\.isIPv4))
        return servers.filter { $0.id != client.id }.flatMap(\.facts.addresses)
            .filter { families.contains($0.isIPv4) && !client.facts.addresses.contains($0) }.inOrder
    }

    private mutating func path(
        _ intent: Intent, _ item: GuardIntent, _ client: Device, _ destination: AddressBlock
    ) -> PathPlan? {
        let far = devices.filter { device in
            device.id != client.id && device.facts.addresses.contains { destination.contains($0) }
        }
        let hosts = far.flatMap(\.facts.addresses).filter { destination.contains($0) && $0.prefixBits == 128 }.inOrder
        let given = item.probe.flatMap { destination.contains($0) ? $0 : nil }
        guard let probe = given ?? (destination.prefixBits == 128 ? destination : hosts.first) else {
            tell(
                intent, item, "no device of the fleet is within \(destination), so nobody says whom to probe there",
                "add 'probe ADDRESS', a host there that answers HICCUPS, or run an agent there")
            return nil
        }
        let answering = far.filter { $0.facts.addresses.contains(probe) }
        for device in answering {
            openers[device.id, default: [:]][Ports(port: item.port, ratePort: item.ratePort), default: []]
                .formUnion(client.facts.addresses)
        }
        return PathPlan(
            intent: intent.name, destination: destination, policy: item.policy, probe: probe, port: item.port,
            ratePort: answering.isEmpty ? nil : item.ratePort, far: far.map(\.id))
    }

    private mutating func tell(_ intent: Intent, _ item: GuardIntent, _ message: String, _ hint: String) {
        // Once, not once for each device.
        guard refused.insert(intent.name).inserted else { return }
        diagnostics.append(Diagnostic(at: item.place, message, hint: hint))
    }

    /// Two policies for one address on one device.
    private mutating func refuseOverlaps() {
        var told: Set<[SourcePlace]> = []
        for (device, paths) in found.sorted(by: { $0.key < $1.key }) {
            // The wider first where two begin alike: what lies within a block follows it.
            let sorted = paths.sorted { a, b in
                let (one, other) = (a.plan.destination, b.plan.destination)
                return one.bytes == other.bytes
                    ? (one.prefixBits, a.plan.intent) < (other.prefixBits, b.plan.intent)
                    : one.bytes.lexicographicallyPrecedes(other.bytes)
            }
            for (first, second) in zip(sorted, sorted.dropFirst())
            where first.plan.destination.contains(second.plan.destination) {
                refused.formUnion([first.plan.intent, second.plan.intent])
                guard told.insert([first.place, second.place]).inserted else { continue }
                let title = devices.first { $0.id == device }?.title ?? "\(device)"
                diagnostics.append(
                    Diagnostic(
                        at: second.place,
                        first.plan.intent == second.plan.intent
                            ? "intent '\(first.plan.intent)' guards \(second.plan.destination) on \(title) twice"
                            : "intents '\(first.plan.intent)' and '\(second.plan.intent)' both guard "
                                + "\(second.plan.destination) on \(title)",
                        hint: "narrow the destinations, or the devices, of one of them",
                        notes: [Diagnostic.Note(place: first.place, message: "\(first.plan.destination) is here")]))
            }
        }
    }

    private mutating func refuseCrowds() {
        let crowded = found.filter { $0.value.count > PathTable.pathsMax }
        guard let first = crowded.values.flatMap({ $0 }).min(by: { $0.plan.name < $1.plan.name }) else { return }
        refused.formUnion(crowded.values.flatMap { $0 }.map(\.plan.intent))
        let names = devices.filter { crowded[$0.id] != nil }.map(\.title)
        diagnostics.append(
            Diagnostic(
                at: first.place,
                "\(enumeration(names, max: 4)) would guard more than \(PathTable.pathsMax) paths",
                hint: "name the destinations as a few blocks: 'to: [10.0.0.0/8]'"))
    }

    private func result() -> [DevicePaths] {
        let kept = found.mapValues { $0.map(\.plan).filter { !refused.contains($0.intent) } }
        // What only refused intents ask to be answered is not answered.
        var answered: [DeviceID: Set<UInt16>] = [:]
        for plan in kept.values.flatMap({ $0 }) {
            for id in plan.far { answered[id, default: []].insert(plan.port) }
        }
        return Set(kept.keys).union(openers.keys).sorted().compactMap { id in
            let paths = DevicePaths(
                device: id, paths: kept[id] ?? [], answers: answers(openers[id] ?? [:], answered[id] ?? []))
            return paths.isEmpty ? nil : paths
        }
    }

    private func answers(_ openers: [Ports: Set<AddressBlock>], _ answered: Set<UInt16>) -> [PathAnswer] {
        var answers: [PathAnswer] = []
        for (ports, blocks) in openers.sorted(by: { $0.key < $1.key }) where answered.contains(ports.port) {
            answers.append(PathAnswer(port: ports.port, ratePort: ports.ratePort, openers: Array(blocks).inOrder))
        }
        return answers
    }
}

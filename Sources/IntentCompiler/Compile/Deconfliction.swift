import L45Model

/// Finds flows that would customize the same socket (seed 2.5), on every device and for both ends.
///
/// Two flows conflict where one socket can match both and both would send on it: a message is put into one dialect only.
/// Two flows that only receive there do not: each dialect is known by its tag. Nor do two whose servers take requests
/// in the dialect over udp: each client is answered in the dialect that it spoke. A monitor counts beside any other; one
/// that holds messages back is not heard beside a module that sends, so the two conflict unless they are composed.
enum Deconfliction {
    struct Conflict {
        var diagnostic: Diagnostic
        var intents: [IntentName]
    }

    /// One end of a flow that sends.
    final class Side: Sendable {
        let flow: FlowScope
        let role: ModulePlan.Role
        let application: Application
        let devices: DeviceSet
        /// Empty: any peer.
        let remotes: Set<AddressBlock>
        /// Some of `remotes` are wider than one address.
        let hasWideRemotes: Bool

        init(_ flow: FlowScope, _ role: ModulePlan.Role, _ places: [DeviceID: Int]) {
            self.flow = flow
            self.role = role
            application = role == .client ? flow.tag.application : flow.tag.server.application
            devices = DeviceSet(flow.devices(role), places)
            remotes = Set(flow.remoteBlocks(role))
            hasWideRemotes = remotes.contains { $0.prefixBits < 128 }
        }
    }

    /// The ends of these flows that send on some device.
    /// - Parameter places: of the fleet's devices, sorted by id.
    static func sides(_ flows: [FlowScope], _ places: [DeviceID: Int]) -> [Side] {
        flows.flatMap { flow in
            flow.tag.isMonitor && flow.tag.delay == .zero
                ? [] : [ModulePlan.Role.client, .server].filter { flow.sends($0) }.map { Side(flow, $0, places) }
        }.filter { !$0.devices.isEmpty }
    }

    private struct Pair: Hashable {
        var first: Int
        var second: Int
    }

    /// - Parameters:
    ///   - flows: sorted by intent and number.
    ///   - devices: the fleet, sorted by id.
    ///   - posture: keeps flows apart that no level has in force together.
    static func conflicts(
        _ flows: [FlowScope], _ devices: [Device], _ places: [DeviceID: Int], posture: Posture?
    ) -> [Conflict] {
        let order = Dictionary(flows.indices.map { (flows[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
        let sides = sides(flows, places)
        var meetings: [Pair: [(ModulePlan.Role, DeviceSet)]] = [:]
        for bucket in Dictionary(grouping: sides, by: { $0.flow.tag.transport }).values {
            // Only sides of one port can meet, and those of any port.
            let byPort = Dictionary(grouping: bucket) { $0.flow.tag.port }
            let anyPort = byPort[.none] ?? []
            for (port, group) in byPort {
                let others = port == nil ? [] : anyPort
                for (position, side) in group.enumerated() {
                    for other in group[(position + 1)...] + others[...] where meet(side, other) {
                        if posture?.keepsApart(side.flow.intent.name, other.flow.intent.name) ?? false { continue }
                        guard let one = order[side.flow.name], let two = order[other.flow.name] else { continue }
                        let pair = Pair(first: min(one, two), second: max(one, two))
                        meetings[pair, default: []].append((side.role, side.devices.intersection(other.devices)))
                    }
                }
            }
        }
        return meetings.sorted { ($0.key.first, $0.key.second) < ($1.key.first, $1.key.second) }
            .map { conflict(flows[$0.key.first], flows[$0.key.second], $0.value, devices) }
    }

    /// Whether any of `some` would send on a socket of any of `all`, which may hold them too.
    /// - Parameter posture: keeps flows apart that no level has in force together.
    static func anyMeet(_ some: [Side], _ all: [Side], posture: Posture?) -> Bool {
        guard !some.isEmpty else { return false }
        let byPort = Dictionary(grouping: all) { $0.flow.tag.port }
        return some.contains { side in
            let near = side.flow.tag.port == nil ? all : (byPort[side.flow.tag.port] ?? []) + (byPort[.none] ?? [])
            return near.contains {
                $0.flow.tag.transport == side.flow.tag.transport && meet(side, $0)
                    && !(posture?.keepsApart(side.flow.intent.name, $0.flow.intent.name) ?? false)
            }
        }
    }

    private static func meet(_ a: Side, _ b: Side) -> Bool {
        guard a.flow.name != b.flow.name, !areComposed(a.flow, b.flow),
            Overlap.overlap(a.application, b.application)
        else { return false }
        // A client's socket has the port at its peer and a server's at itself: one socket is both only when a port is open.
        if a.role != b.role, a.flow.tag.port != nil, b.flow.tag.port != nil { return false }
        let first = a.flow.tag
        let second = b.flow.tag
        let areServers = a.role == .server && b.role == .server
        if areServers, !first.isMonitor, !second.isMonitor, first.transport == .udp, first.directions.request,
            second.directions.request
        {
            return false
        }
        if first.priorityIsGiven, second.priorityIsGiven, first.priority != second.priority { return false }
        return a.devices.meets(b.devices) && overlap(a, b)
    }

    private static func areComposed(_ a: FlowScope, _ b: FlowScope) -> Bool {
        a.stages.contains(b.name) || b.stages.contains(a.name)
    }

    private static func overlap(_ a: Side, _ b: Side) -> Bool {
        if a.remotes.isEmpty || b.remotes.isEmpty || !a.remotes.isDisjoint(with: b.remotes) { return true }
        guard a.hasWideRemotes || b.hasWideRemotes else { return false }
        return a.remotes.contains { block in b.remotes.contains { block.overlaps($0) } }
    }

    private static func conflict(
        _ first: FlowScope, _ second: FlowScope, _ meetings: [(role: ModulePlan.Role, places: DeviceSet)],
        _ devices: [Device]
    ) -> Conflict {
        let places = [ModulePlan.Role.client, .server].compactMap { role -> String? in
            let met = meetings.filter { $0.role == role }.reduce(into: DeviceSet([], [:])) { $0.formUnion($1.places) }
            guard !met.isEmpty else { return nil }
            return "as \(role.rawValue) on \(enumeration(met.places.map { devices[$0].title }, max: 4))"
        }
        let port = first.tag.port ?? second.tag.port
        let socket = "\(first.tag.transport.rawValue)/\(port.map(String.init) ?? "any port")"
        var ways: [String] = []
        var message =
            "flow \(second.name) (\(second.tag.subject)) and flow \(first.name) (\(first.tag.subject)) would both "
        if first.tag.isMonitor || second.tag.isMonitor {
            message +=
                "work on the same \(socket) sockets, \(enumeration(places)): a socket has one module, and the delay"
            message += " of the other is not kept"
            let (stage, head) = first.tag.isMonitor ? (first, second) : (second, first)
            ways.append("say 'after: \(head.intent.name)' in '\(stage.intent.name)': the two then make one module")
        } else {
            message += "send on the same \(socket) sockets, \(enumeration(places))"
        }
        if !meetings.contains(where: { $0.role == .client }) { ways.append("tag only requests in one of them") }
        ways.append(
            first.tag.priorityIsGiven && second.tag.priorityIsGiven
                ? "give them different priorities, both have \(first.tag.priority)"
                : "give both a 'priority' in the long form, the higher goes first")
        ways.append("narrow their programs, devices or addresses")
        return Conflict(
            diagnostic: Diagnostic(
                at: second.place, message, hint: ways.joined(separator: "; or "),
                notes: [Diagnostic.Note(place: first.place, message: "flow \(first.name) is here")]),
            intents: [first.intent.name, second.intent.name])
    }
}

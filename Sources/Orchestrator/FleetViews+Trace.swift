package import L45Model
import Reconciler

// One flow, at both of its ends: which modules its sockets fall under, and what comes of it. Pure.
extension FleetViews {
    /// - Throws: `notFound`, `conflict`: of the device that opens it.
    package func trace(_ request: TraceRequest) throws(APIFailure) -> TraceView {
        let source = try device(request.device)
        let target = fleet.devices.values.first { snapshot in
            snapshot.device.facts.addresses.contains { $0.prefixBits == 128 && $0 == request.address }
        }?.device
        let from = end(source) { socket in
            Self.misfit(socket, request, local: source.facts.addresses, isOpener: true)
        }
        let to = target.map { target in
            end(target) { socket in
                Self.misfit(socket, request, local: source.facts.addresses, isOpener: false)
            }
        }
        return Self.verdict(request, from, to, fleet)
    }

    private func end(_ device: Device, misfit: (TapSocket) -> (distance: Int, why: String)?) -> TraceView.End {
        let snapshot = fleet.devices[device.id]
        let reports = Dictionary(
            (snapshot?.report?.modules ?? []).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let entries = Dictionary(
            (snapshot?.table?.modules ?? []).map { ($0.plan.id, $0) }, uniquingKeysWith: { first, _ in first })
        let planned = (snapshot?.plan?.modules ?? []).filter { entries[$0.id] == nil }
        var fits: [ModuleView] = []
        var near: [(distance: Int, text: String)] = []
        for plan in entries.values.map(\.plan) + planned {
            if let (distance, why) = misfit(plan.tapSocket) {
                near.append((distance, "intent \(plan.intent) (\(plan.role.rawValue)): \(why)"))
                continue
            }
            fits.append(
                ModuleView(
                    plan: plan, device: device.id, deviceName: device.facts.name, decided: entries[plan.id],
                    report: reports[plan.id], check: check(of: plan, on: device.id)))
        }
        fits.sort { a, b in
            ((a.reported == .active ? 0 : 1), -a.priority, a.id) < ((b.reported == .active ? 0 : 1), -b.priority, b.id)
        }
        var told: [String] = []
        for one in near.sorted(by: { ($0.distance, $0.text) < ($1.distance, $1.text) })
        where !told.contains(one.text) && told.count < TraceView.End.nearMax { told.append(one.text) }
        let isConnected = if case .connected(_, _)? = snapshot?.link { true } else { false }
        return TraceView.End(
            device: device.id, name: device.facts.name, connected: isConnected, modules: fits, near: told)
    }

    /// Why the flow's socket does not fall under a module's, and how far it is from it; nil: it does.
    ///
    /// - Parameters:
    ///   - local: the opener's own addresses.
    ///   - isOpener: of the end that opens the flow; its port is any.
    private static func misfit(
        _ socket: TapSocket, _ request: TraceRequest, local: [AddressBlock], isOpener: Bool
    ) -> (distance: Int, why: String)? {
        guard socket.transport == request.transport else {
            return (4, "is for \(socket.transport.rawValue), the flow is \(request.transport.rawValue)")
        }
        if isOpener {
            let remotes = socket.remotes.isEmpty ? [EndpointPattern.any] : socket.remotes
            guard remotes.contains(where: { $0.covers(request.address, request.port) }) else {
                let names =
                    remotes.prefix(3).map(\.summary).joined(separator: ", ") + (remotes.count > 3 ? ", ..." : "")
                let isNear = remotes.contains { $0.covers(request.address, $0.port ?? request.port) }
                return (isNear ? 2 : 3, "its peers are \(names), not \(request.address) port \(request.port)")
            }
            if let port = socket.local.port { return (1, "is for sockets at local port \(port) alone") }
        } else {
            guard socket.local.covers(request.address, request.port) else {
                return (3, "is for sockets at \(socket.local.summary), not \(request.address) port \(request.port)")
            }
            let remotes = socket.remotes.isEmpty ? [EndpointPattern.any] : socket.remotes
            guard remotes.contains(where: { remote in remote.block.map { $0.isAny(of: local) } ?? true }) else {
                return (2, "its peers are \(remotes.prefix(3).map(\.summary).joined(separator: ", ")), not the opener")
            }
        }
        guard isOpener, let program = request.program, let wanted = socket.application.process else { return nil }
        let fits = wanted.hasSuffix("*") ? program.hasPrefix(wanted.dropLast()) : program == wanted
        return fits ? nil : (0, "is for the program '\(wanted)', not '\(program)'")
    }

    private static func verdict(
        _ request: TraceRequest, _ from: TraceView.End, _ to: TraceView.End?, _ fleet: FleetState
    ) -> TraceView {
        func view(_ verdict: TraceView.Verdict, _ reason: String, _ module: ModuleView?) -> TraceView {
            TraceView(
                verdict: verdict, reason: reason, intent: module?.intent, flow: module?.flow, epoch: module?.epoch,
                from: from, to: to)
        }
        guard let sender = from.modules.first else {
            let nearest = from.near.first.map { "the nearest is \($0)" } ?? "no intent has a module there"
            if let enforcing = to?.modules.first(where: \.enforcing) {
                return view(
                    .plain,
                    "\(from.name) sends it plain, and \(to?.name ?? "") drops what comes plain (intent \(enforcing.intent)); "
                        + nearest, nil)
            }
            return view(.plain, "no module on \(from.name) takes it: \(nearest)", nil)
        }
        // Of a program that was not named, the module may want another.
        let only = request.program == nil ? sender.program.map { ", of the program \($0) alone" } ?? "" : ""
        guard sender.reported == .active else {
            let waiting = fleet.statuses[sender.flow]?.waiting.first
            let name = waiting.flatMap { fleet.devices[$0.device]?.device.facts.name }
            let why = waiting.map { ": \(name ?? "\($0.device)") \($0.reason)" } ?? ""
            let state = sender.reported?.rawValue ?? "not in the tap yet"
            return view(
                .standby, "intent \(sender.intent) has it, and its module on \(from.name) is \(state)\(why)", sender)
        }
        guard let to else {
            return view(
                .undecoded,
                "\(from.name) sends it in edition \(sender.epoch) of intent \(sender.intent)\(only), and \(request.address) is "
                    + "no address of any device", sender)
        }
        let decoder = to.modules.first { $0.flow == sender.flow && $0.epoch == sender.epoch && $0.reported != nil }
        guard let decoder, decoder.reported != .deactivated else {
            let nearest = to.near.first.map { "; the nearest is \($0)" } ?? ""
            return view(
                .undecoded,
                "\(from.name) sends it in edition \(sender.epoch) of intent \(sender.intent)\(only), and no module on \(to.name) "
                    + "is known to decode that\(nearest)", sender)
        }
        return view(
            .customized,
            "\(from.name) sends it in edition \(sender.epoch) of intent \(sender.intent)\(only), and \(to.name) decodes it",
            sender)
    }
}

extension EndpointPattern {
    fileprivate func covers(_ address: AddressBlock, _ port: UInt16) -> Bool {
        (block?.contains(address) ?? true) && (self.port.map { $0 == port } ?? true)
    }
}

extension AddressBlock {
    fileprivate func isAny(of addresses: [AddressBlock]) -> Bool { addresses.contains { overlaps($0) } }
}

extension ModuleView {
    /// Of its socket's text, the program; nil: any.
    fileprivate var program: String? {
        let parts = tapSocket.split(separator: " ")
        guard parts.count > 1, parts[1].contains("/"), let name = parts[1].split(separator: "/").first, name != "*"
        else {
            return nil
        }
        return "\(name)"
    }
}

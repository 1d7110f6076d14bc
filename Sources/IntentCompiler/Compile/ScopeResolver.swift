import L45Model

/// Finds the devices of an intent, and proves what can be proved of them before anything ships: that there are any, that
/// they have a tap, that clients know where their servers are, and that whoever is sent a dialect can decode it.
struct ScopeResolver {
    private let intent: Intent
    private let epoch: Epoch
    private let index: DeviceIndex
    private let excluded: Set<DeviceID>
    private var devices: [Device] { index.devices }
    private var diagnostics: [Diagnostic] = []

    static func resolve(_ entry: CompilerInput.Entry, _ index: DeviceIndex) -> (flows: [FlowScope], [Diagnostic]) {
        var resolver = ScopeResolver(
            intent: entry.intent, epoch: entry.epoch, index: index, excluded: entry.excluded)
        let flows = resolver.resolve()
        return (flows, resolver.diagnostics)
    }

    private init(intent: Intent, epoch: Epoch, index: DeviceIndex, excluded: Set<DeviceID>) {
        self.excluded = excluded
        self.intent = intent
        self.epoch = epoch
        self.index = index
    }

    private mutating func resolve() -> [FlowScope] {
        let clients = select(intent.clients)
        let servers = select(intent.servers)
        // A monitor needs no other end: where only one is named, it watches there alone.
        let monitored = (
            clients: intent.places.clients == nil && intent.places.servers != nil ? [] : clients,
            servers: intent.places.servers == nil && intent.places.clients != nil ? [] : servers
        )
        let watchesNobody =
            intent.tags.contains(where: \.isMonitor) && monitored.clients.isEmpty && monitored.servers.isEmpty
        // An end that is beyond the fleet is given by its addresses.
        let needsClients =
            intent.tags.contains { !$0.isMonitor && ($0.client.addresses.isEmpty || servers.isEmpty) }
            || !intent.guards.isEmpty
        let needsServers =
            intent.tags.contains { !$0.isMonitor && ($0.server.addresses.isEmpty || clients.isEmpty) }
            || intent.guards.contains { $0.destinations.isEmpty }
        if clients.isEmpty, needsClients || (watchesNobody && (intent.places.clients != nil || devices.isEmpty)) {
            tellNobody("clients", intent.clients, intent.places.clients, alternative("client: {addresses: ...}"))
        }
        if servers.isEmpty, needsServers || (watchesNobody && intent.places.servers != nil) {
            tellNobody(
                "servers", intent.servers, intent.places.servers,
                alternative(intent.tags.isEmpty ? "to: [...]" : "server: {addresses: ...}"))
        }
        guard !diagnostics.hasErrors else { return [] }
        // Guards need no tap.
        if !intent.tags.isEmpty { tellTapless(clients, servers) }
        let flows = intent.tags.enumerated().map { index, tag in
            FlowScope(
                intent: intent, epoch: epoch, name: intent.flowName(index), tag: tag,
                clients: tag.isMonitor ? monitored.clients : clients,
                servers: tag.isMonitor ? monitored.servers : servers)
        }
        for flow in flows {
            checkAddresses(flow)
            checkPeers(flow)
        }
        return flows
    }

    // MARK: who

    private func select(_ selector: LabelSelector) -> [Device] {
        let selected = index.select(selector)
        return excluded.isEmpty ? selected : selected.filter { !excluded.contains($0.id) }
    }

    private func alternative(_ words: String) -> String {
        intent.tags.isEmpty && words.hasPrefix("client") ? "" : ", or give '\(words)'"
    }

    private mutating func tellNobody(
        _ side: String, _ selector: LabelSelector, _ place: SourcePlace?, _ alternative: String
    ) {
        let place = place ?? intent.places.name
        if devices.isEmpty {
            diagnostics.append(
                Diagnostic(
                    at: place, "intent '\(intent.name)' selects no \(side): no device is enrolled",
                    hint: "run 'l45 token create' here and 'l45 agent' on the devices first"))
            return
        }
        let shutOut = index.select(selector)
        guard shutOut.isEmpty else {
            diagnostics.append(
                Diagnostic(
                    at: place,
                    "intent '\(intent.name)' is left without \(side): \(enumeration(shutOut.map(\.title))) failed a security check",
                    hint: "look at the device, then 'l45 readmit device NAME'"))
            return
        }
        // The first requirement that nobody meets says most; else they contradict each other.
        let culprit = selector.requirements.first { requirement in
            !devices.contains { requirement.matches($0.facts.labels) }
        }
        guard let culprit else {
            let each = selector.requirements.map { LabelSelector([$0]).description }
            diagnostics.append(
                Diagnostic(
                    at: place,
                    "intent '\(intent.name)' selects no \(side): no device has \(enumeration(each)) together",
                    hint: "take a label away\(alternative)"))
            return
        }
        var counts: [String: Int] = [:]
        for device in devices {
            if let value = device.facts.labels[culprit.label] { counts[value, default: 0] += 1 }
        }
        let known = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\(culprit.label)=\($0.key) (\(counted($0.value, "device")))" }
        let labels = Set(devices.flatMap(\.facts.labels.keys)).sorted()
        let have =
            known.isEmpty
            ? devices.count == 1
                ? "the one device has no label '\(culprit.label)'"
                : "none of the \(devices.count) devices has a label '\(culprit.label)'"
            : "the devices have \(enumeration(known))"
        var hint: String?
        if case .isOne(let values) = culprit.rule, let value = values.first, !known.isEmpty {
            hint = Suggestion.hint(for: value, among: counts.keys.sorted())
        } else if known.isEmpty {
            hint = Suggestion.hint(
                for: culprit.label, among: labels,
                otherwise: labels.isEmpty ? nil : "the labels are \(enumeration(labels))")
        }
        diagnostics.append(
            Diagnostic(
                at: place,
                "intent '\(intent.name)' selects no \(side): no device has \(LabelSelector([culprit])); \(have)",
                hint: hint ?? "change the selector\(alternative)"))
    }

    private mutating func tellTapless(_ clients: [Device], _ servers: [Device]) {
        let tapless = index.tapless.filter { device in
            clients.contains { $0.id == device.id } || servers.contains { $0.id == device.id }
        }
        guard !tapless.isEmpty else { return }
        let names = enumeration(tapless.map(\.title))
        diagnostics.append(
            Diagnostic(
                at: intent.places.name,
                "intent '\(intent.name)' needs a tap on \(names), and there is none",
                hint:
                    "start the agent there with a tap, or leave \(tapless.count == 1 ? "the device" : "them") out by a label"
            ))
    }

    // MARK: where

    private mutating func checkAddresses(_ flow: FlowScope) {
        if !flow.clients.isEmpty, flow.tag.server.addresses.isEmpty,
            !(flow.tag.isMonitor && intent.places.servers == nil)
        {
            tellNowhere(flow, flow.servers, "server", "no client can tell what goes there")
        }
        if flow.answersBlindly, !flow.servers.isEmpty, flow.tag.client.addresses.isEmpty {
            tellNowhere(flow, flow.clients, "client", "no server can tell whom to send the dialect")
        }
    }

    private mutating func tellNowhere(_ flow: FlowScope, _ end: [Device], _ what: String, _ consequence: String) {
        let nowhere = end.filter { $0.facts.addresses.isEmpty }
        guard !nowhere.isEmpty else { return }
        let are = nowhere.count == 1 ? "is a \(what)" : "are \(what)s"
        diagnostics.append(
            Diagnostic(
                at: flow.place,
                "flow \(flow.name): \(enumeration(nowhere.map(\.title))) \(are) without a known address, so \(consequence)",
                hint: "add '\(what): {addresses: [...]}' to the long form"))
    }

    /// Every sender's peers can decode: the addresses that an author gives must lead to devices of the other end.
    private mutating func checkPeers(_ flow: FlowScope) {
        guard !flow.tag.isMonitor else { return }
        if flow.answersBlindly, !flow.servers.isEmpty, flow.tag.application != .any {
            let program = flow.tag.application.process ?? flow.tag.application.thread ?? ""
            diagnostics.append(
                Diagnostic(
                    .warning, at: flow.place,
                    "flow \(flow.name): only responses are tagged, so servers tag them for every program of the clients,"
                        + " and only '\(program)' decodes them",
                    hint: "tag requests too: servers then answer in kind; or tag for 'any' program"))
        }
        check(
            flow, given: flow.tag.server.addresses, peers: flow.servers, sender: "clients", sends: flow.sends(.client),
            "server")
        check(
            flow, given: flow.tag.client.addresses, peers: flow.clients, sender: "servers", sends: flow.sends(.server),
            "client")
    }

    private mutating func check(
        _ flow: FlowScope, given: [AddressBlock], peers: [Device], sender: String, sends: Bool, _ end: String
    ) {
        guard sends, !given.isEmpty else { return }
        let peerIDs = Set(peers.map(\.id))
        let empty = given.filter { block in
            !peers.contains { $0.facts.addresses.contains { block.overlaps($0) } }
        }
        if !empty.isEmpty {
            let blocks = enumeration(empty.map(\.description))
            diagnostics.append(
                Diagnostic(
                    .warning, at: flow.place,
                    "flow \(flow.name): \(blocks) \(empty.count == 1 ? "holds" : "hold") no \(end) in scope:"
                        + " what \(sender) send there is tagged and nobody of the fleet decodes it",
                    hint: "right only if something outside the fleet decodes it"))
        }
        let strangers = devices.filter { device in
            !peerIDs.contains(device.id)
                && device.facts.addresses.contains { address in given.contains { $0.overlaps(address) } }
        }
        if !strangers.isEmpty {
            diagnostics.append(
                Diagnostic(
                    .warning, at: flow.place,
                    "flow \(flow.name): \(enumeration(strangers.map(\.title))) \(strangers.count == 1 ? "lies" : "lie")"
                        + " within the \(end) addresses and is not selected as \(end): it can not decode what it is sent",
                    hint: "select it with '\(end)s:', or narrow the addresses"))
        }
    }
}

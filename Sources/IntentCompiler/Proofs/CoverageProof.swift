import L45Model

/// Whoever is sent a dialect holds its decoder: each sender's peers, by the addresses that its module has.
struct CoverageProof {
    private let devices: [Device]
    private let byAddress: [AddressBlock: [Device]]
    private let byID: [DeviceID: Device]

    init(_ devices: [Device]) {
        self.devices = devices
        byID = Dictionary(devices.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        byAddress = devices.reduce(into: [:]) { all, device in
            for address in device.facts.addresses { all[address, default: []].append(device) }
        }
    }

    /// - Parameter place: of the flow, for a refutation.
    func proof(_ flow: ProofFlow, at place: SourcePlace?) -> PlanProof? {
        guard !flow.isMonitor else { return nil }
        if let what = flow.dialect.beyondKernelTap {
            let unable = flow.devices.values.joined().filter { byID[$0]?.facts.taps.contains(.kernel) == true }
            if !unable.isEmpty {
                let names = enumeration(unable.compactMap { byID[$0]?.title }.sorted(), max: 4)
                return refuted(
                    flow, place, "the kernel's tap, that of \(names), can not \(what)",
                    "have the agent there use '--tap-kind preload', or choose a dialect without it")
            }
        }
        var said: [String] = []
        var verdict = PlanProof.Verdict.proved
        for role in [ModulePlan.Role.client, .server] where flow.sends(role) {
            guard let socket = flow.sockets[role], let senders = flow.devices[role], !senders.isEmpty else { continue }
            let count = counted(senders.count, role.rawValue)
            if socket.remotes.allSatisfy({ $0.block == nil }) {
                guard role == .server, flow.directions.request else {
                    return refuted(
                        flow, place, "its \(role.rawValue)s send it to any peer, and most peers can not decode it",
                        "give the addresses of the other end")
                }
                said.append("\(count) answer\(senders.count == 1 ? "s" : "") in the dialect only whom spoke it first")
                continue
            }
            let sight = look(at: socket.remotes.compactMap(\.block), flow, of: role == .client ? .server : .client)
            if let block = sight.undecodable.first {
                let names = enumeration(block.strangers.map(\.title), max: 4)
                let other = role == .client ? "server" : "client"
                return refuted(
                    flow, place,
                    "\(count) would send it to \(block.block), where the fleet knows \(names) alone, and no decoder is there",
                    "select \(block.strangers.count == 1 ? "it" : "one") with '\(other)s:', or leave the address out of"
                        + " '\(other): {addresses: ...}'")
            }
            let peers =
                "\(count) send\(senders.count == 1 ? "s" : "") it to \(sight.holders) that hold\(sight.holders == 1 ? "s" : "") the decoder"
            said.append(peers)
            if !sight.strangers.isEmpty {
                verdict = .warned
                said.append(
                    "\(enumeration(sight.strangers.map(\.title), max: 4)) shares their addresses and holds none")
            }
            if !sight.beyond.isEmpty {
                verdict = .warned
                said.append(
                    "what is at \(enumeration(sight.beyond.map(\.description), max: 4)) is beyond the fleet's sight")
            }
        }
        guard !said.isEmpty else { return nil }
        return PlanProof(.coverage, "\(flow.name)", verdict, said.joined(separator: "; "))
    }

    private struct Sight {
        var holders = 0
        /// Within the addresses, beside those that hold the decoder.
        var strangers: [Device] = []
        /// Addresses at which the fleet has nobody.
        var beyond: [AddressBlock] = []
        /// Addresses at which the fleet has devices, and none with a decoder.
        var undecodable: [(block: AddressBlock, strangers: [Device])] = []
    }

    private func look(at blocks: [AddressBlock], _ flow: ProofFlow, of role: ModulePlan.Role) -> Sight {
        let decoders = Set(flow.devices[role] ?? [])
        var sight = Sight()
        var holders: Set<DeviceID> = []
        var strangers: [DeviceID: Device] = [:]
        for block in blocks {
            let there =
                block.prefixBits == 128
                ? byAddress[block] ?? [] : devices.filter { $0.facts.addresses.contains { block.overlaps($0) } }
            let able = there.filter { decoders.contains($0.id) && !$0.facts.taps.isEmpty }
            let others = there.filter { !decoders.contains($0.id) || $0.facts.taps.isEmpty }
            holders.formUnion(able.map(\.id))
            if there.isEmpty {
                sight.beyond.append(block)
            } else if able.isEmpty {
                sight.undecodable.append((block, others.sorted { $0.id < $1.id }))
            } else {
                for device in others { strangers[device.id] = device }
            }
        }
        sight.holders = holders.count
        sight.strangers = strangers.values.sorted { $0.id < $1.id }
        return sight
    }

    private func refuted(_ flow: ProofFlow, _ place: SourcePlace?, _ reason: String, _ hint: String) -> PlanProof {
        let message = "flow \(flow.name): not every peer can decode: \(reason)"
        return PlanProof(
            .coverage, "\(flow.name)", .refuted, reason,
            diagnostic: place.map { Diagnostic(at: $0, message, hint: hint).rendered() } ?? message)
    }
}

import CL45Core
package import L45Model

/// What is proved of a plan before anything ships. Pure: the engine is run on generated messages, the same for the same
/// plan.
package enum PlanProofs {
    /// Looked at as a whole.
    private static let pairsMax = 10_000

    /// - Parameters:
    ///   - compilation: of `input`.
    ///   - touched: intents that change. What stands beside them on a device is compared with them.
    ///   - editions: dialects that the fleet holds of a flow, besides the compiled one.
    ///   - mtuBytes: the smallest of the paths.
    /// - Returns: compositions, then the engine's runs and what tells dialects apart, then growth, then coverage.
    package static func prove(
        _ compilation: Compilation, of input: CompilerInput, touched: Set<IntentName>,
        editions: [FlowName: [Epoch: Dialect]] = [:], mtuBytes: Int = 1500
    ) -> [PlanProof] {
        let all = ProofFlow.flows(of: compilation.plans, beside: touched)
        let concerned = all.values.filter { touched.contains($0.intent) }.sorted { $0.name < $1.name }
        let places = places(input, touched)
        let coverage = CoverageProof(input.devices)
        var prepared: [FlowName: [IdentityProof.Edition]] = [:]
        let keys = ModuleIdentity.Keys(input.rootSecret)
        for flow in all.values where !flow.isMonitor {
            prepared[flow.name] = Self.editions(flow, editions[flow.name] ?? [:], keys)
        }
        let pool = RoundTripProof.pool(for: concerned.map(\.dialect))
        var proofs = compositions(compilation, touched)
        for flow in concerned where !flow.isMonitor {
            proofs.append(roundTrip(flow, mtuBytes, places[flow.name], pool))
            proofs.append(IdentityProof.editions(flow, prepared[flow.name] ?? []))
            if let plain = IdentityProof.plain(flow) { proofs.append(plain) }
        }
        proofs += pairs(compilation.plans, all, touched, prepared)
        proofs += concerned.compactMap { GrowthProof.proof($0, mtuBytes: mtuBytes) }
        proofs += concerned.compactMap { coverage.proof($0, at: places[$0.name]) }
        return proofs
    }

    private static func places(_ input: CompilerInput, _ touched: Set<IntentName>) -> [FlowName: SourcePlace] {
        var places: [FlowName: SourcePlace] = [:]
        for entry in input.entries where touched.contains(entry.intent.name) {
            for (index, tag) in entry.intent.tags.enumerated() { places[entry.intent.flowName(index)] = tag.place }
        }
        return places
    }

    private static func compositions(_ compilation: Compilation, _ touched: Set<IntentName>) -> [PlanProof] {
        compilation.summaries.filter { touched.contains($0.name) }.flatMap(\.flows).filter { !$0.stages.isEmpty }.map {
            flow in
            let chain = ([flow.name] + flow.stages).map(\.rawValue).joined(separator: ", then ")
            return PlanProof(
                .composition, "\(flow.name)", .proved, "\(chain): one module, \(flow.dialect.summary)")
        }
    }

    private static func roundTrip(
        _ flow: ProofFlow, _ mtuBytes: Int, _ place: SourcePlace?, _ pool: [UInt8]
    ) -> PlanProof {
        let subject = "\(flow.name)"
        func refuted(_ reason: String) -> PlanProof {
            let message = "flow \(flow.name): decoding does not undo encoding: \(reason)"
            return PlanProof(
                .roundTrip, subject, .refuted, reason,
                diagnostic: place.map {
                    Diagnostic(at: $0, message, hint: "another tag length, place or label may serve").rendered()
                } ?? message)
        }
        guard let codec = ProofCodec(flow.dialect, epoch: flow.epoch, secret: flow.secret) else {
            return refuted("the engine does not take \(flow.dialect.summary)")
        }
        let seed = flow.name.rawValue.utf8.reduce(UInt64(flow.epoch.rawValue)) { $0 &* 31 &+ UInt64($1) }
        let outcome = RoundTripProof.run(
            codec, flow.dialect, flow.wireDirections, mtuBytes: mtuBytes, seed: seed, pool: pool)
        if let failure = outcome.failure { return refuted(failure) }
        var nested = ""
        if case .datagram = flow.dialect { nested = ", tags within tags too" }
        return PlanProof(
            .roundTrip, subject, .proved,
            "\(outcome.messages) messages of 0 to \(RoundTripProof.messageBytesMax) bytes through the engine came back as they"
                + " were\(nested)")
    }

    /// What the fleet holds, what is to be, and what the next rotation brings.
    private static func editions(
        _ flow: ProofFlow, _ known: [Epoch: Dialect], _ keys: ModuleIdentity.Keys
    ) -> [IdentityProof.Edition] {
        Set(known.keys).union([flow.epoch, flow.epoch.next]).sorted().compactMap { epoch in
            let dialect = epoch == flow.epoch ? flow.dialect : known[epoch] ?? flow.dialect
            let secret =
                epoch == flow.epoch
                ? flow.secret
                : ModuleIdentity(intent: flow.intent, flow: flow.name, epoch: epoch, keys: keys)
                    .dialectSecret()
            return ProofCodec(dialect, epoch: epoch, secret: secret).map {
                IdentityProof.Edition(
                    flow: flow.name, epoch: epoch, dialect: dialect, codec: $0, directions: flow.wireDirections)
            }
        }
    }

    /// Flows of which some device may read both from one socket, one of each pair touched.
    private static func pairs(
        _ plans: [DevicePlan], _ flows: [FlowName: ProofFlow], _ touched: Set<IntentName>,
        _ prepared: [FlowName: [IdentityProof.Edition]]
    ) -> [PlanProof] {
        struct Pair: Hashable {
            let first: FlowName
            let second: FlowName
        }
        var met: Set<Pair> = []
        for plan in plans where plan.modules.contains(where: { touched.contains($0.intent) }) {
            let modules = plan.modules.filter { $0.dialect != .monitor && $0.receives }
            for (at, one) in modules.enumerated() {
                for other in modules[(at + 1)...] where one.flow != other.flow {
                    guard touched.contains(one.intent) || touched.contains(other.intent) else { continue }
                    let pair = Pair(first: min(one.flow, other.flow), second: max(one.flow, other.flow))
                    guard !met.contains(pair), met.count < pairsMax, Overlap.overlap(one.tapSocket, other.tapSocket)
                    else { continue }
                    met.insert(pair)
                }
            }
        }
        return met.sorted { ($0.first, $0.second) < ($1.first, $1.second) }.compactMap { pair in
            guard let first = flows[pair.first], let second = flows[pair.second] else { return nil }
            return IdentityProof.flows(first, second, prepared[pair.first] ?? [], prepared[pair.second] ?? [])
        }
    }
}

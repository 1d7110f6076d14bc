import CL45Core
package import L45Model

/// What is proved of a plan before anything ships. Pure: the engine is run on generated messages, the same for the same
/// plan.
package enum PlanProofs {
    /// Pairs of flows that are compared, of those that change and of a posture each.
    package static let pairsMax = 10_000

    /// Intents that are compared with all that may share a socket with them: those that change, and where they belong to a
    /// posture all of it, at whichever level they are in force.
    package static func compared(_ touched: Set<IntentName>, _ posture: Posture?) -> Set<IntentName> {
        guard let posture, !touched.isDisjoint(with: posture.members.union([posture.name])) else { return touched }
        return touched.union(posture.members)
    }

    /// - Parameters:
    ///   - compilation: of `input`.
    ///   - touched: intents that change. What stands beside them on a device is compared with them.
    ///   - posture: of the input; nil: there is none.
    ///   - editions: dialects that the fleet holds of a flow, besides the compiled one.
    ///   - mtuBytes: the smallest of the paths.
    ///   - pairsMax: pairs that are compared.
    /// - Returns: compositions, then the engine's runs and what tells dialects apart, then growth, then coverage.
    package static func prove(
        _ compilation: Compilation, of input: CompilerInput, touched: Set<IntentName>, posture: Posture? = nil,
        editions: [FlowName: [Epoch: Dialect]] = [:], mtuBytes: Int = 1500, pairsMax: Int = Self.pairsMax
    ) -> [PlanProof] {
        let compared = compared(touched, posture)
        let all = ProofFlow.flows(of: compilation.plans, beside: compared)
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
        let pairs = SharedSockets.pairs(in: compilation.plans, of: compared)
        func isOf(_ intents: Set<IntentName>) -> (SharedSockets.Pair) -> Bool {
            { pair in [pair.first, pair.second].contains { all[$0].map { intents.contains($0.intent) } ?? false } }
        }
        let changed = pairs.filter(isOf(touched))
        proofs += changed.prefix(pairsMax).compactMap {
            IdentityProof.flows($0, prepared[$0.first] ?? [], prepared[$0.second] ?? [])
        }
        if changed.count > pairsMax { proofs.append(IdentityProof.beyond(changed.count, most: pairsMax)) }
        if let posture, compared.isSuperset(of: posture.members) {
            proofs.append(
                IdentityProof.posture(posture, pairs.filter(isOf(posture.members)), most: pairsMax, prepared))
        }
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
            "\(counted(outcome.messages, "message")) of 0 to \(RoundTripProof.messageBytesMax) bytes through the engine came back as they"
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
}

import HiccupsGuard
import L45Model

extension GuardedPath {
    init(_ plan: PathPlan) {
        let host = HostAddress("\(plan.probe)")
        self.init(
            name: plan.name.rawValue, destination: plan.destination, policy: plan.policy, farAgent: !plan.far.isEmpty,
            target: host.map { ProbeTarget(address: $0, port: plan.port) }, ratePort: plan.ratePort)
    }
}

extension PathStanding {
    init(_ standing: PathGuard.Standing, wanted: [PathGate], isWaiting: Bool, integrity: PathIntegrity?) {
        self.init(
            name: PathName(standing.path.name), phase: Phase(standing.phase), since: standing.since,
            nextAt: standing.nextAt,
            sight: standing.sight.isCapable
                ? PathExtension.allCases.map { subject in
                    Sight(
                        subject, out: Verdict(standing.sight[subject, .forward]),
                        back: Verdict(standing.sight[subject, .reverse]))
                } : [], here: standing.held.here, there: standing.held.there, wanted: wanted, isWaiting: isWaiting,
            asksECN: standing.held.asksECN, heldSince: standing.heldSince, rate: standing.rate,
            reason: standing.reason, integrity: integrity)
    }
}

extension PathStanding.Verdict {
    init(_ verdict: PathVerdict) {
        self = verdict.isChanged ? .changed : verdict.isIntact ? .intact : .unknown
    }
}

extension PathStanding.Phase {
    init(_ phase: PathMachine.Phase) {
        switch phase {
        case .resting(.new): self = .new
        case .resting(.clear): self = .clear
        case .resting(.gated): self = .gated
        case .resting(.rolledBack): self = .rolledBack
        case .resting(.blind): self = .blind
        case .resting(.failed): self = .failed
        case .probing: self = .probing
        case .weighing: self = .weighing
        case .gating: self = .gating
        case .confirming: self = .confirming
        case .comparing: self = .comparing
        case .rollingBack: self = .rollingBack
        case .healing: self = .healing
        case .renewing: self = .renewing
        }
    }
}

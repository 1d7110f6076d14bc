import L45Model

extension Rotation {
    /// Where the flow stands once this pass is carried out. For people and for the drain's clock: no guard reads it but
    /// `lasted`, for whose sake a phase that waits is left when anything turns, and entered when every tap has confirmed.
    /// - Parameter changed: by `FlowMember.device`: the device gets a table of a new generation in this pass.
    func phase(changed: [Bool]) -> RolloutPhase {
        func settledOn(_ at: Int) -> Bool { flow.members[at].confirmed && !changed[flow.members[at].device] }
        let everyone = next.indices.allSatisfy(settledOn)
        let before = standing?.phase
        let servers = next.contains { $0.has(.server) }
        let clients = next.contains { $0.has(.client) }
        let flips: RolloutPhase = servers ? .flipServers : .flipClients

        if next.contains(where: { !$0.armed || widening($0) }) { return .deploy }
        // In waves, some ends send the new edition while others still wait for their turn.
        func someFlipped(_ role: ModulePlan.Role) -> Bool {
            course != nil && next.contains { $0.target(role) != nil && $0.atTarget(role) }
        }
        if next.contains(where: { !$0.atTarget(.client) }) { return someFlipped(.client) ? .flipClients : .deploy }
        if next.contains(where: { !$0.atTarget(.server) }) {
            if someFlipped(.server) { return .flipServers }
            let serversReady = next.indices.allSatisfy { next[$0].atTarget(.server) || settledOn($0) }
            return clients && (serversReady || before == .flipClients) ? .flipClients : .deploy
        }
        if next.contains(where: { !$0.exact }) || next.contains(where: { !$0.leavingQuiet }) {
            return everyone || (before == .deprecate && !turned) ? .deprecate : flips
        }
        let leaving = next.contains(where: \.hasLeaving)
        if leaving || enforcementPending {
            if everyone || (before == .drain && !turned) { return .drain }
            return leaving ? .deprecate : flips
        }
        // Every device has been told all there is to tell.
        if everyone || before == .settled { return isBetween ? .revoke : .settled }
        let revoked = zip(next, flow.members).contains { $0.entries.count < $1.entries.count }
        switch before {
        case .deprecate, .drain, .revoke: return .revoke
        default: return revoked ? .revoke : flips
        }
    }
}

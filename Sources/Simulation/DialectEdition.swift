import L45Model

/// What two taps have to agree on to understand each other. A judge asks for it by the thousand, whenever a tap changes.
struct DialectEdition: Hashable, Sendable {
    let flow: FlowName
    let epoch: Epoch
    let secret: Secret

    init(_ plan: ModulePlan) {
        flow = plan.flow
        epoch = plan.epoch
        secret = plan.dialectSecret
    }

    /// Secrets differ between editions as a rule, so the rest is left to `==`.
    func hash(into hasher: inout Hasher) { hasher.combine(secret) }
}

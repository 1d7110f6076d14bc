import L45Model

extension FleetViews {
    /// nil: the module is in no table, or nothing is known of checks here.
    func check(of plan: ModulePlan, on device: DeviceID) -> CheckView? {
        guard let checks, let check = checks.checks[CheckBook.Place(device, plan.id)] else { return nil }
        let standing = check.standing
        let state: CheckView.State =
            if checks.distrusts[device]?[plan.intent] != nil { .failed } else if check.isLate {
                .late
            } else if standing
                .verifiedAt != .never
            { .verified } else if !checks.isAble(device) { .unchecked } else { .waiting }
        return CheckView(
            state: state, step: standing.step,
            verifiedAt: standing.verifiedAt == .never ? nil : standing.verifiedAt, window: checks.window(plan))
    }

    /// For the operator, in words: what the device is shut out of.
    func distrusts(of device: DeviceID) -> [String] {
        let distrusts = (checks?.distrusts[device] ?? [:]).values.sorted { $0.intent < $1.intent }
        return distrusts.map { distrust in
            "shut out of intent '\(distrust.intent)' since \(distrust.since.rfc3339): module \(distrust.module) failed its "
                + "security check: \(distrust.reason); its modules are "
                + (distrust.revokedAt.map { "revoked since \($0.rfc3339)" } ?? "being revoked")
                + "; look at the device, then 'l45 readmit device \(names[device] ?? "\(device)")'"
        }
    }

    /// nil: every device that an intent selects may take part in it.
    func trustPart(of intent: IntentName) -> Condition? {
        let out = book.excluded(from: intent)
        guard !out.isEmpty else { return nil }
        let since = out.compactMap { checks?.distrusts[$0]?[intent]?.since }.min()
        return Condition(
            type: "Trusted", status: .no, reason: "SecurityCheckFailed",
            message:
                "without \(out.map { names[$0] ?? "\($0)" }.sorted().joined(separator: ", ")): a module failed its "
                + "security check there",
            since: since)
    }
}

import IntentCompiler
import L45Model

// What is said of devices and rollouts in one word each, with the reason: for people, and for programs that wait.
extension FleetViews {
    /// Of a device: as of the generation that its last report tells of.
    func conditions(of view: DeviceView, _ device: Device) -> [Condition] {
        let isConnected = view.link == .connected
        let isUpToDate = view.generationConfirmed == view.generationDecided
        var conditions = [
            Condition(
                type: "Connected", status: isConnected ? .yes : .no,
                reason: isConnected ? "Connected" : view.linkSince == nil ? "NeverSeen" : "Away",
                message: isConnected
                    ? "its agent holds a connection"
                    : view.linkSince == nil
                        ? "not seen since its enrolment" : "no connection; its tap goes on with what it has",
                since: view.linkSince?.timestamp),
            Condition(
                type: "UpToDate", status: isUpToDate ? .yes : .no,
                reason: isUpToDate ? "Confirmed" : isConnected ? "Progressing" : "Away",
                message: isUpToDate
                    ? "its tap runs generation \(view.generationDecided)"
                    : "its tap runs generation \(view.generationConfirmed), and was told \(view.generationDecided)",
                since: standings.sinceUpToDate(view.id, isUpToDate ? .yes : .no), observed: view.generationConfirmed),
            Condition(
                type: "Healthy", status: view.lastReport == nil ? .unknown : view.problems.isEmpty ? .yes : .no,
                reason: view.lastReport == nil ? "NoReport" : view.problems.isEmpty ? "NoProblems" : "Problems",
                message: view.lastReport == nil
                    ? "it has not reported yet" : view.problems.first ?? "its last report tells of none",
                since: standings.sinceHealthy(
                    view.id, view.lastReport == nil ? .unknown : view.problems.isEmpty ? .yes : .no),
                observed: view.generationConfirmed),
        ]
        // Where no file names any device, that none names this one says nothing.
        guard !declared.isEmpty else { return conditions }
        conditions.append(declared(device))
        return conditions
    }

    private func declared(_ device: Device) -> Condition {
        let known = declared.declarations(of: device)
        guard !known.isEmpty else {
            return Condition(
                type: "Declared", status: .no, reason: "NoFile", message: "enrolled, and no inventory names it",
                since: nil)
        }
        let places = known.map { "as '\($0.name)' in \($0.whereabouts)" }.joined(separator: ", ")
        let drifts = known.flatMap { DeclaredFleet.drifts(of: device, from: $0) }
        return Condition(
            type: "Declared", status: .yes, reason: drifts.isEmpty ? "File" : "Drifted",
            message: places + drifts.map { "; \($0.text)" }.joined(), since: nil)
    }

    func conditions(of view: RolloutView) -> [Condition] {
        let isSettled = view.phase == .settled && view.waiting.isEmpty
        let holdup = view.waiting.first.map { "\($0.deviceName) \($0.reason)" }
        var conditions = [
            Condition(
                type: "Settled", status: isSettled ? .yes : .no, reason: isSettled ? "Settled" : "Progressing",
                message: isSettled
                    ? "every tap has confirmed it"
                    : "in phase \(view.phase.rawValue)" + (holdup.map { ": \($0)" } ?? ""),
                since: view.since?.timestamp)
        ]
        if view.paused {
            let held = book.intent(view.intent)?.rotation == nil ? "" : "its schedule is held too; "
            conditions.append(
                Condition(
                    type: "Paused", status: .yes, reason: "Operator",
                    message: "\(held)'l45 rollout resume \(view.intent)' goes on",
                    since: book.hands[view.intent]?.pause?.at))
        }
        if let halted = view.halted {
            conditions.append(
                Condition(
                    type: "Halted", status: .yes, reason: halted.cause.rawValue, message: halted.reason,
                    since: halted.at?.timestamp))
        }
        return conditions
    }
}

import Inventory
import L45Model

// What an intent was before: its texts and editions, from the CIB, and who brought them, from the trail of events.
extension NetworkOrchestrator {
    /// Newest last.
    /// - Throws: `notFound`, `InventoryError`.
    func history(_ request: HistoryRequest) throws -> [IntentStepView] {
        let name = request.intent
        let steps = try inventory.intentHistory(name)
        guard !steps.isEmpty else {
            throw APIFailure(
                .notFound, "there is no intent '\(name)', and there was none",
                hint: "'l45 get intents' lists those that are")
        }
        let limit = min(max(request.limit, 1), HistoryRequest.limitMax)
        let trail = try inventory.latestEvents(1000, subject: "intent/\(name)").map(\.event)
        let view = try? views.intents(ResourceQuery(.intents, names: [name.rawValue])).first
        return steps.enumerated().suffix(limit).map { number, step in
            let event = trail.last {
                $0.subject == "intent/\(name)" && $0.message == "intent adopted"
                    && $0.facts["revision"] == "\(step.revision)" && $0.facts["epoch"] == "\(step.epoch)"
                    && $0.at <= step.at
            }
            return IntentStepView(
                revision: step.revision, epoch: step.epoch, at: step.at, origin: step.origin,
                cause: event?.facts["cause"],
                by: event?.facts["by"], manager: event?.facts["manager"],
                result: number == steps.count - 1 ? Self.result(view) : .superseded, source: step.source)
        }
    }

    private static func result(_ view: IntentView?) -> IntentStepView.Result {
        guard let view, !view.deleting else { return .withdrawn }
        if view.ready { return .settled }
        let isHalted = view.conditions.contains { $0.type == "Halted" && $0.status == .yes }
        return view.paused || isHalted ? .held : .progressing
    }
}

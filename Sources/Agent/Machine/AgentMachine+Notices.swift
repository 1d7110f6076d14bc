import KernelTap
import L45Model

/// What the tap tells unasked, for the operator.
extension AgentMachine {
    mutating func noticed(_ notice: TapNotice, now: Timestamp) -> [AgentOutput] {
        switch notice.kind {
        // Another program may have published, or let go: the reading says.
        case .table: return [.readTap]
        // Sockets come by the thousand; the modules' counters and flows tell of them.
        case .attached: return []
        case .refused, .failed, .alert: break
        }
        guard let heldBack = notices.pass(notice, now: now) else { return [] }
        var facts = ["tap": identity.tap.rawValue]
        if !notice.text.isEmpty { facts["text"] = notice.text }
        if !notice.reason.isEmpty { facts["reason"] = notice.reason }
        if !notice.process.isEmpty { facts["process"] = notice.process }
        if heldBack > 0 { facts["moreBefore"] = "\(heldBack)" }
        if let module = notice.module {
            facts["module"] = "\(module)"
            if let plan = ledger?.table.entry(module)?.plan {
                facts["intent"] = "\(plan.intent)"
                facts["flow"] = "\(plan.flow)"
            }
        }
        let event = Event(
            at: now, severity: Self.severity(notice), subject: subject, message: Self.message(notice), facts: facts)
        guard notice.kind == .alert, isConnected else { return note(event) }
        // Its counters say how much there is to it.
        isReportDue = true
        return note(event) + [.readTap]
    }

    private static func severity(_ notice: TapNotice) -> Event.Severity {
        switch notice.kind {
        case .alert: .alert
        case .refused where notice.isExpected: .info
        case .refused, .failed: .warning
        case .attached, .table: .info
        }
    }

    private static func message(_ notice: TapNotice) -> String {
        switch notice.kind {
        case .refused: "socket left plain"
        case .failed: "socket left plain for want of memory"
        case .alert: "tap alert"
        case .attached: "socket tapped"
        case .table: "tap took a table"
        }
    }
}

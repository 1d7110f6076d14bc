import L45Model

/// `l45 trace`.
enum TraceText {
    static func text(_ view: TraceView, _ request: TraceRequest, now: Timestamp, _ palette: Palette) -> String {
        var sheet = Sheet()
        let target = EndpointPattern(block: request.address, port: request.port).summary
        let program = request.program.map { ", program \($0)" } ?? ""
        sheet.field("Flow", "\(request.transport.rawValue) from \(view.from.name) to \(target)\(program)")
        sheet.field("Verdict", Cell(view.verdict.rawValue, tone(view.verdict)))
        sheet.field("Why", view.reason)
        if let intent = view.intent, let flow = view.flow, let epoch = view.epoch {
            sheet.field("Intent", "\(intent), flow \(flow), edition \(epoch)")
        }
        end("From \(view.from.name)", view.from, now, &sheet, palette)
        if let to = view.to { end("To \(to.name)", to, now, &sheet, palette) }
        return sheet.text(palette)
    }

    private static func end(
        _ title: String, _ end: TraceView.End, _ now: Timestamp, _ sheet: inout Sheet, _ palette: Palette
    ) {
        let link = end.connected ? "" : " (away: what it last reported)"
        if end.modules.isEmpty {
            sheet.section(title + link, ["no module takes it"] + end.near.map { "not \(Printable.line($0))" })
        } else {
            sheet.section(title + link, ModulesTable.table(end.modules, now: now), palette)
        }
    }

    private static func tone(_ verdict: TraceView.Verdict) -> Tone {
        switch verdict {
        case .customized: .good
        case .standby, .plain: .warning
        case .undecoded: .bad
        }
    }
}

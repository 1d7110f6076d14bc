import L45Model
import Simulation

/// A plan and what its trial came to, as one document.
struct PlanDocument: Encodable {
    var plan: PlanResult
    var simulation: TrialReport?
}

/// What `plan --simulate` says.
enum TrialText {
    static func text(_ report: TrialReport, _ palette: Palette) -> String {
        var sheet = Sheet()
        let sampled =
            report.devices < report.devicesAll
            ? ", a sample of \(report.devicesAll) (\(report.devicesConcerned) \(report.devicesConcerned == 1 ? "is" : "are") concerned)"
            : ""
        sheet.field(
            "simulated",
            "\(report.seedsTold) of \(counted(report.seedsAsked, "seed")) from \(report.seedFirst) on\(report.isCutShort ? ", then the time was up" : "")"
        )
        sheet.field("devices", "\(report.devices)\(sampled); \(counted(report.intents, "intent"))")
        sheet.field(
            "rotations",
            Cell(
                "\(report.rotationsDone) of \(report.rotationsAsked) came to \(report.rotationsAsked == 1 ? "its" : "their") end, the slowest change in "
                    + "\(tenths(report.longestSeconds)) s of virtual time (drain bound \(tenths(report.drainBoundSeconds)) s)",
                report.unfinished.isEmpty ? .plain : .bad))
        let window = report.worstWindow.map {
            "\(tenths($0.seconds)) s at worst (\($0.flow), seed \($0.seed)); \(counted(report.windows, "window")), "
                + "\(counted(report.messagesMixed, "message")) delivered in \(report.windows == 1 ? "it" : "them")"
        }
        sheet.field("mixed versions", window ?? "never: no two ends spoke different editions")
        sheet.field(
            "messages",
            "\(report.messages) delivered, \(report.messagesInDialect) in a dialect, \(counted(report.streamBytes, "byte")) of streams"
        )
        sheet.field(
            "faults",
            "\(counted(report.deaths, "death")), \(counted(report.reboots, "reboot")), \(counted(report.cuts, "line")) cut"
        )
        sheet.field("violations", Cell("\(report.violations.count)", report.violations.isEmpty ? .good : .bad))
        return palette.paint("simulation", .heading) + "\n"
            + sheet.text(palette).split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    }

    static func complaint(_ report: TrialReport) -> String {
        if !report.violations.isEmpty { return report.violations.joined(separator: "\n") }
        if let seed = report.unfinished.first {
            return "the change did not come to its end in 6 hours of virtual time, seed \(seed)"
        }
        return "no story was told to its end: give more --seconds, or fewer --devices"
    }

    private static func tenths(_ value: Double) -> String {
        let scaled = Int((value * 10).rounded())
        return "\(scaled / 10).\(scaled % 10)"
    }
}

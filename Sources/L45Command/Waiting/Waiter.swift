import ControlChannel
import L45Model
import NIOCore

/// Waits until goals are met, and says what holds them up. Asks anew each time, so an orchestrator that restarts
/// meanwhile is one more thing to wait for.
struct Waiter {
    let client: OperatorClient
    let console: Console
    let timeout: Span

    /// How often the orchestrator is asked.
    private static let period = Duration.milliseconds(200)

    /// - Throws: `CommandEnd`: status 1 when the time is over, having said what was missing; status 5 as soon as a goal is
    ///   halted, having said why; a failure when a goal cannot be met, or the orchestrator is not there at the start.
    func wait(for goals: [WaitGoal]) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        var open = goals
        var holdups: [WaitGoal: [String]] = [:]
        var heard = false
        while true {
            for goal in open {
                let elapsed = Self.span(start.duration(to: clock.now))
                switch await ask(goal, within: max(timeout - elapsed, .seconds(5))) {
                case .failure(let error) where !heard: throw CommandEnd.unanswered(error)
                case .failure(let error): holdups[goal] = ["\(error)"]
                case .success(let answers):
                    heard = true
                    switch goal.judge(answers, now: .now()) {
                    case .met:
                        clear()
                        try console.print("\(goal.subject) \(goal.word) after \(Age.text(elapsed))")
                        open.removeAll { $0 == goal }
                    case .waiting(let lines): holdups[goal] = lines
                    case .halted(let lines): throw halted(goal, lines)
                    case .hopeless(let failure):
                        clear()
                        throw CommandEnd.refused(failure)
                    }
                }
            }
            let elapsed = Self.span(start.duration(to: clock.now))
            if open.isEmpty { return }
            if elapsed >= timeout { throw giveUp(open, holdups) }
            show(open, holdups, elapsed)
            let pause = min(Self.period, .milliseconds((timeout - elapsed).milliseconds))
            try await Task.sleep(for: pause)
        }
    }

    private func ask(_ goal: WaitGoal, within: Span) async -> Result<[APIResponse], OperatorClientError> {
        var answers: [APIResponse] = []
        do throws(OperatorClientError) {
            for question in goal.questions {
                answers.append(try await client.call(question, within: .milliseconds(within.milliseconds)))
            }
            return .success(answers)
        } catch {
            return .failure(error)
        }
    }

    private func giveUp(_ open: [WaitGoal], _ holdups: [WaitGoal: [String]]) -> CommandEnd {
        clear()
        let palette = console.palette(for: .err)
        for goal in open {
            let name = palette.paint("l45:", .bad)
            console.complain("\(name) \(goal.subject) is not \(goal.word) within \(timeout)")
            for line in holdups[goal] ?? [] { console.complain("     \(Printable.line(line))") }
        }
        return .notMet()
    }

    private func halted(_ goal: WaitGoal, _ lines: [String]) -> CommandEnd {
        clear()
        console.complain("\(console.palette(for: .err).paint("l45:", .bad)) \(goal.subject) is halted")
        for line in lines { console.complain("     \(Printable.line(line))") }
        return .status(ExitStatus.halted.rawValue)
    }

    private func show(_ open: [WaitGoal], _ holdups: [WaitGoal: [String]], _ elapsed: Span) {
        guard console.isTerminal(.err), let goal = open.first else { return }
        let lines = holdups[goal] ?? []
        let more = lines.count > 1 ? " (and \(lines.count - 1) more)" : ""
        let text = "\(goal.subject), \(Age.text(elapsed)): \(Printable.line(lines.first ?? ""))\(more)"
        console.progress(String(text.prefix(max(20, console.columns(.err) - 1))))
    }

    private func clear() {
        if console.isTerminal(.err) { console.progress("") }
    }

    private static func span(_ duration: Duration) -> Span {
        let parts = duration.components
        return .milliseconds(parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)
    }
}

extension Span {
    static func - (a: Span, b: Span) -> Span { Span(milliseconds: a.milliseconds - b.milliseconds) }
}

import ArgumentParser
import Foundation
import L45Model
import NIOCore

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show what operators did, and whether that record is whole.",
        discussion: """
            Each line holds the hash of the one before, and each hash is sealed with the orchestrator's key. Against a whole \
            state folder of earlier days, note down the end that 'verify' prints, and give it to --known later.

              l45 audit --since 2026-11-21T00:00:00Z
              l45 audit -o json > trail.jsonl      one object a line, with its hash
              l45 audit verify --known 1041:9f3c...
            """, subcommands: [Show.self, Verify.self], defaultSubcommand: Show.self)

    enum Format: String, ExpressibleByArgument, CaseIterable, Sendable { case table, json }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Show the trail, oldest first.",
            discussion: "  l45 audit show --since 24h")

        @Option(
            help: ArgumentHelp("At or after this time, 2026-11-21T03:00:00Z, or so long ago, 24h.", valueName: "time"))
        var since: Since?
        @Option(
            name: [.short, .long], help: ArgumentHelp("'table', or 'json': one object a line.", valueName: "format"))
        var output: Format = .table
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let console = Console.standard
            let from = since.map { APITime($0.time(now: .now())) }
            var after: Int64 = 0
            var rows: [ChainedAuditEntry] = []
            while true {
                let response = try await server.ask(.audit(AuditQuery(since: from, after: after)))
                guard case .audit(let entries) = response else { throw response.unexpected }
                guard let last = entries.last else { break }
                after = last.entry.number
                if output == .json {
                    try console.print(entries.map(AuditText.line).joined(separator: "\n"))
                } else {
                    rows += entries
                }
            }
            guard output == .table else { return }
            guard !rows.isEmpty else { return console.complain("no entries") }
            try console.print(AuditText.table(rows).text(console.palette(for: .out)))
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Look whether every line of the trail is as it was written.",
            discussion: """
                Exit status 1 names the first entry that is not.

                  l45 audit verify
                """)

        @Option(help: ArgumentHelp("An end that was noted down earlier.", valueName: "number:hash"))
        var known: Mark?
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let console = Console.standard
            let response = try await server.ask(.verifyAudit(AuditCheck(known: known?.mark)), within: .minutes(10))
            guard case .auditVerdict(let verdict) = response else { throw response.unexpected }
            if let fault = verdict.fault {
                console.complain(
                    "entry \(fault.number) of the audit trail is broken: \(fault.reason); "
                        + "the \(verdict.whole) before it are whole")
                throw CommandEnd.notMet()
            }
            guard let last = verdict.last else { return try console.print("the audit trail is empty") }
            try console.print("\(verdict.whole) entries are whole; the end is \(last)")
        }
    }

    struct Mark: ExpressibleByArgument, Sendable {
        let mark: AuditMark
        init?(argument: String) {
            guard let mark = AuditMark(argument) else { return nil }
            self.mark = mark
        }
    }

    enum Since: ExpressibleByArgument, Sendable {
        case at(Timestamp)
        case ago(Span)

        init?(argument: String) {
            if let time = APITime(argument) {
                self = .at(time.timestamp)
            } else if let span = Span(argument) {
                self = .ago(span)
            } else {
                return nil
            }
        }

        func time(now: Timestamp) -> Timestamp {
            switch self {
            case .at(let time): time
            case .ago(let span): now + .milliseconds(-span.milliseconds)
            }
        }
    }
}

/// The audit trail as text.
enum AuditText {
    static func table(_ entries: [ChainedAuditEntry]) -> Table {
        Table(
            columns: ["NUMBER", "TIME", "WHO", "FROM", "VERB", "OBJECTS", "RESULT", "DETAIL"],
            rows: entries.map { chained in
                let entry = chained.entry
                let tone: Tone = entry.result == .done || entry.result == .unchanged ? .plain : .warning
                return [
                    Cell("\(entry.number)"), Cell("\(entry.at)"), Cell(entry.who), Cell(entry.from), Cell(entry.verb),
                    Cell(entry.objects.joined(separator: ", ")), Cell(entry.result.rawValue, tone),
                    Cell(entry.detail ?? ""),
                ]
            })
    }

    /// What is hashed, with the hash added: one JSON object.
    static func line(_ chained: ChainedAuditEntry) -> String {
        guard let content = try? chained.entry.content else { return "" }
        return "\(String(decoding: content, as: UTF8.self).dropLast()),\"hash\":\"\(chained.hash)\"}"
    }
}

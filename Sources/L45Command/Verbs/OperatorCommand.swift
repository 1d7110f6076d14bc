import ArgumentParser
import ControlChannel
import Foundation
import L45Model

struct OperatorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "operator",
        abstract: "Say who may operate, and on which devices.",
        discussion: """
            The user that runs 'l45 nco', and root, may do everything at its socket. Others are known by a token or a \
            certificate from other machines ('l45 nco --operators HOST:PORT'), or by user or group on this one \
            ('l45 nco --socket PATH --socket-group GROUP').

              l45 operator add alice --role operate --scope site=paris > alice.token
              l45 get devices --server nco.example:7451 --token-file alice.token
              l45 operator list
              l45 operator remove alice
            """, subcommands: [Add.self, Request.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "add", abstract: "Let somebody operate.",
            discussion: """
                One of the same name is replaced, and his token or certificate serves no more. Token or certificate go to \
                standard output, once.

                  l45 operator add bob --role view --uid 1001
                  l45 operator add carol --role administer --request carol.csr >> carol.pem
                """)

        @Argument(help: "1 to 63 of a-z, 0-9, '-', '_', '.' and '@'.")
        var name: String
        @Option(help: ArgumentHelp("view, operate or administer.", valueName: "role"))
        var role: Role
        @Option(
            help: ArgumentHelp(
                "The devices that operators labelled so; the whole fleet otherwise.", valueName: "k=v,..."))
        var scope: [Labels] = []
        @Option(help: ArgumentHelp("How long token or certificate are good for, up to 365d.", valueName: "span"))
        var ttl: Span = OperatorRequest.ttlDefault
        @Option(help: ArgumentHelp("A certificate for this request of 'l45 operator request'.", valueName: "file"))
        var request: String?
        @Option(help: ArgumentHelp("This user, at the orchestrator's own socket.", valueName: "number"))
        var uid: UInt32?
        @Option(help: ArgumentHelp("This group, at the orchestrator's own socket.", valueName: "number"))
        var gid: UInt32?
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard [request != nil, uid != nil, gid != nil].count(where: { $0 }) <= 1 else {
                throw ValidationError("An operator is known by one of --request, --uid and --gid, or else by a token.")
            }
        }

        func run() async throws {
            let proof: OperatorRequest.Proof
            if let uid {
                proof = .user(uid: uid)
            } else if let gid {
                proof = .group(gid: gid)
            } else if let request {
                guard let text = try? String(contentsOfFile: request, encoding: .utf8) else {
                    throw CommandEnd.badInput("'\(request)' cannot be read")
                }
                proof = .certificate(request: text)
            } else {
                proof = .token
            }
            let response = try await server.ask(
                .addOperator(
                    OperatorRequest(
                        name: name, role: role.role, scope: LabelScope(Labels.merged(scope)), proof: proof, ttl: ttl)))
            guard case .operatorGranted(let granted) = response else { throw response.unexpected }
            let console = Console.standard
            if let secret = granted.token ?? granted.certificate { try console.print(secret) }
            let what = "operator/\(granted.added.name) may \(granted.added.role.rawValue) on \(granted.added.scope)"
            if granted.token == nil, granted.certificate == nil { return try console.print(what) }
            console.complain("\(what) until \(granted.added.expiresAt.map { "\($0)" } ?? "removed")")
            if granted.listening == nil {
                console.complain("the orchestrator does not listen for operators yet: 'l45 nco --operators HOST:PORT'")
            }
        }
    }

    struct Request: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "request", abstract: "Make a key on this machine, and ask for a certificate for it.",
            discussion: """
                The key stays in the file. The request goes to standard output, for whoever may add operators; what comes back \
                is added to the file.

                  l45 operator request --out carol.pem > carol.csr
                """)

        @Option(help: ArgumentHelp("The file of the key; made with mode 600, must not be there.", valueName: "file"))
        var out: String

        func run() throws {
            let pair: (keyPEM: String, requestPEM: String)
            do {
                pair = try OperatorKeyFile.make()
                try SecretFile.create(out, pair.keyPEM + "\n")
            } catch {
                throw CommandEnd.badInput("\(error)")
            }
            try Console.standard.print(pair.requestPEM)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Show who may operate.", discussion: "  l45 operator list -o json")

        @Option(name: [.short, .long], help: ArgumentHelp("'table', 'json' or 'yaml'.", valueName: "format"))
        var output: Format = .table
        @OptionGroup var server: ServerOptions

        enum Format: String, ExpressibleByArgument, CaseIterable, Sendable { case table, json, yaml }

        func run() async throws {
            let response = try await server.ask(.operators)
            guard case .operators(let all) = response else { throw response.unexpected }
            let console = Console.standard
            switch output {
            case .json: try console.print(Listing.json(all))
            case .yaml: try console.print(Listing.yaml(all))
            case .table:
                guard !all.isEmpty else {
                    return console.complain("no operators but the orchestrator's own user, and root")
                }
                try console.print(OperatorsTable.table(all, now: .now()).text(console.palette(for: .out)))
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "remove", abstract: "Let somebody operate no more.",
            discussion: """
                With his next request, also on connections that are open.

                  l45 operator remove alice
                """)

        @Argument(help: "The operator's name.")
        var name: String
        @OptionGroup var server: ServerOptions

        func run() async throws {
            let response = try await server.ask(.removeOperator(OperatorName(name)))
            guard case .operators(let removed) = response else { throw response.unexpected }
            try Console.standard.print(removed.map { "operator/\($0.name) removed" }.joined(separator: "\n"))
        }
    }

    struct Role: ExpressibleByArgument, Sendable {
        let role: OperatorRole
        static var allValueStrings: [String] { OperatorRole.allCases.map(\.rawValue) }
        init?(argument: String) {
            guard let role = OperatorRole(rawValue: argument) else { return nil }
            self.role = role
        }
    }
}

/// `l45 operator list`.
enum OperatorsTable {
    static func table(_ all: [OperatorView], now: Timestamp) -> Table {
        Table(
            columns: ["NAME", "ROLE", "SCOPE", "KNOWN BY", "ADDED BY", "UNTIL"],
            rows: all.map { view in
                let isOver = view.expiresAt.map { $0.timestamp <= now } ?? false
                return [
                    Cell(view.name), Cell(view.role.rawValue), Cell("\(view.scope)"),
                    Cell("\(view.kind.rawValue) \(view.known)"), Cell(view.addedBy),
                    Cell(view.expiresAt.map { "\($0)" } ?? "removed", isOver ? .bad : .plain),
                ]
            })
    }
}

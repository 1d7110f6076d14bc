import ArgumentParser
import ControlChannel
import Foundation
import L45Model

struct SourceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "source",
        abstract: "Follow git repositories of intents.",
        discussion: """
            The orchestrator looks at a repository every now and then, and whenever a webhook says so ('l45 nco \
            --webhook-listen'). All intents of a commit are taken, or none: one that does not compile leaves the last good \
            commit in force. A revert rolls back.

              l45 source add net --url https://git.example/net.git --branch main --path prod --prune
              l45 get sources
              l45 describe source net
              l45 source sync net
            """,
        subcommands: [
            SourceAdd.self, SourceRemove.self, SourceSuspend.self, SourceResume.self, SourceSync.self,
        ])
}

/// `l45 source add`.
struct SourceAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Follow a repository, or follow it otherwise.",
        discussion: """
            It may be a full path on the orchestrator, ssh://HOST/PATH, HOST:PATH or https://HOST/PATH. Files below --path \
            with .yaml or .yml are read from the commit; what is hidden is left out. Its intents reach the devices that \
            whoever adds it may reach, and no others.

              l45 source add net --url /srv/git/net.git --every 30s
              l45 source add net --url git@git.example:net.git --ssh-key /etc/l45/deploy.key --verify ssh --signers signers
              l45 source add edge --url https://git.example/edge.git --tag v1.4 --after net --drift keep
            """)

    @Argument(help: "1 to 40 of a-z, 0-9 and '-'; its intents are kept by git/NAME.")
    var name: String
    @Option(help: ArgumentHelp("Where the repository is.", valueName: "url"))
    var url: String
    @Option(help: ArgumentHelp("Follow this branch. (default: main)", valueName: "name"))
    var branch: String?
    @Option(help: ArgumentHelp("Follow this tag, wherever it goes.", valueName: "name"))
    var tag: String?
    @Option(help: ArgumentHelp("This commit, and no other.", valueName: "id"))
    var commit: String?
    @Option(help: ArgumentHelp("A folder of the repository; all of it otherwise.", valueName: "folder"))
    var path: String = ""
    @Option(help: ArgumentHelp("Look at it this often, 1s to 1d.", valueName: "span"))
    var every: Span = SourceSpec.everyDefault
    @Flag(help: "Withdraw intents that it brought and no longer has.")
    var prune = false
    @Option(help: "What becomes of changes to its intents by others: correct or keep.")
    var drift: Drift = .correct
    @Flag(help: "Take a history that was rewritten.")
    var allowForcePush = false
    @Option(help: "Take signed commits alone: gpg or ssh.")
    var verify: Verify?
    @Option(
        help: ArgumentHelp(
            "Of --verify: armoured public keys, or an allowed_signers file; read here, and kept by the orchestrator.",
            valueName: "file"))
    var signers: String?
    @Flag(help: "Of --verify: take commits without a signature too; a wrong one is refused all the same.")
    var unsignedToo = false
    @Option(help: ArgumentHelp("Apply it once this source is healthy; may be repeated.", valueName: "source"))
    var after: [String] = []
    @Flag(help: "Push what became of a commit to refs/notes/l45 of the repository.")
    var notes = false
    @Option(help: ArgumentHelp("A private key for ssh, on the orchestrator.", valueName: "path"))
    var sshKey: String?
    @Option(help: ArgumentHelp("Host keys for ssh, on the orchestrator.", valueName: "path"))
    var knownHosts: String?
    @Option(
        help: ArgumentHelp("For https, as git-credential-store keeps them, on the orchestrator.", valueName: "path"))
    var credentials: String?
    @OptionGroup var server: ServerOptions

    enum Drift: String, ExpressibleByArgument, CaseIterable, Sendable { case correct, keep }
    enum Verify: String, ExpressibleByArgument, CaseIterable, Sendable { case gpg, ssh }

    func validate() throws {
        guard [branch, tag, commit].count(where: { $0 != nil }) <= 1 else {
            throw ValidationError("A source follows one of --branch, --tag and --commit.")
        }
        guard (verify == nil) == (signers == nil) else {
            throw ValidationError("--verify takes signed commits, by whom says --signers FILE: both or neither.")
        }
        guard verify != nil || !unsignedToo else { throw ValidationError("--unsigned-too goes with --verify.") }
    }

    func run() async throws {
        let response = try await server.ask(.source(SourceRequest(add: try spec())))
        guard case .sources = response else { throw response.unexpected }
        try Console.standard.print("source/\(name) is followed; 'l45 describe source \(name)' shows how far it is")
    }

    private func spec() throws -> SourceSpec {
        var signature: SignatureDemand?
        if let verify, let signers {
            guard let keys = try? String(contentsOfFile: signers, encoding: .utf8) else {
                throw CommandEnd.badInput("'\(signers)' cannot be read")
            }
            signature = SignatureDemand(verify == .gpg ? .gpg : .ssh, keys: keys, required: !unsignedToo)
        }
        let reference: SourceReference =
            tag.map { .tag($0) } ?? commit.map { .commit($0.lowercased()) } ?? .branch(branch ?? "main")
        let spec = SourceSpec(
            name: name, url: url, reference: reference, folder: Self.folder(path), every: every, prune: prune,
            drift: drift == .keep ? .keep : .correct, allowsForcePush: allowForcePush, signature: signature,
            after: after, notes: notes,
            access: SourceAccess(sshKey: sshKey, knownHosts: knownHosts, credentials: credentials))
        do throws(APIFailure) { try spec.validate() } catch {
            throw CommandEnd.badInput(error.message, hint: error.hint)
        }
        return spec
    }

    /// As people write folders: `./prod/`, `.`.
    private static func folder(_ path: String) -> String {
        path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}

/// `l45 source remove`.
struct SourceRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Follow a repository no more.",
        discussion: """
            Its intents stay in force and are operators' from then on, unless they are withdrawn.

              l45 source remove net
              l45 source remove net --withdraw
            """)

    @Argument(help: "The source.")
    var name: String
    @Flag(help: "Withdraw its intents.")
    var withdraw = false
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let response = try await server.ask(.source(SourceRequest(.remove, name, withdraw: withdraw)))
        guard case .sources(let removed) = response else { throw response.unexpected }
        let count = counted(removed.first?.intents.count ?? 0, "intent")
        try Console.standard.print("source/\(name) removed; \(count) \(withdraw ? "withdrawn" : "left in force")")
    }
}

/// `l45 source suspend`.
struct SourceSuspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Look at a repository no more, for now.",
        discussion: """
            What was applied stays in force; drift is not corrected.

              l45 source suspend net
            """)

    @Argument(help: "The source.")
    var name: String
    @OptionGroup var server: ServerOptions

    func run() async throws { try await server.steer(.suspend, name, "suspended") }
}

/// `l45 source resume`.
struct SourceResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Look at a suspended repository again.",
        discussion: "  l45 source resume net")

    @Argument(help: "The source.")
    var name: String
    @OptionGroup var server: ServerOptions

    func run() async throws { try await server.steer(.resume, name, "resumed") }
}

/// `l45 source sync`.
struct SourceSync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Look at a repository now.", discussion: "  l45 source sync net")

    @Argument(help: "The source.")
    var name: String
    @OptionGroup var server: ServerOptions

    func run() async throws { try await server.steer(.sync, name, "is looked at") }
}

extension ServerOptions {
    fileprivate func steer(_ verb: SourceRequest.Verb, _ name: String, _ said: String) async throws {
        let response = try await ask(.source(SourceRequest(verb, name)))
        guard case .sources = response else { throw response.unexpected }
        try Console.standard.print("source/\(name) \(said)")
    }
}

import Foundation
package import L45Model

/// What the orchestrator has of one source's repository: a bare repository in its state folder, without a work tree. Everything
/// in it can be fetched again.
package struct GitCache: Sendable {
    let spec: SourceSpec
    let address: SourceAddress
    /// Holds `repository`, `home` and `keys`.
    let folder: String
    let program: GitProgram

    /// How long one command may take that asks the remote, and one that does not.
    package static let remoteSeconds = 60
    package static let localSeconds = 20
    /// The largest pack that is fetched.
    package static let packBytesMax = 256 << 20
    /// Each fetch adds a pack; at this many they become one.
    private static let packsMax = 50

    private static let head = "refs/l45/head"
    private static let applied = "refs/l45/applied"
    private static let notes = "refs/notes/l45"

    private var repository: String { "\(folder)/repository" }
    private var home: String { "\(folder)/home" }
    private var keys: String { "\(folder)/keys" }

    /// - Parameter folder: the orchestrator's own; each source has a folder of its name in it.
    /// - Throws: `APIFailure` when the spec is none.
    package init(_ spec: SourceSpec, in folder: String) throws(APIFailure) {
        self.spec = spec
        address = try SourceAddress(spec.url)
        self.folder = "\(folder)/\(spec.name)"
        program = GitProgram(
            environment: GitEnvironment.variables(
                spec, address: address, home: "\(folder)/\(spec.name)/home", keys: "\(folder)/\(spec.name)/keys"),
            fileBytesMax: Self.packBytesMax)
    }

    // MARK: Asking the remote

    /// The commit that the repository has now.
    /// - Throws: `SourceStall`-worthy `Refusal`.
    package func look() async throws(Refusal) -> String {
        try await prepare()
        if case .commit(let id) = spec.reference { return id }
        let ref = spec.reference.ref ?? ""
        let result = try await remote(
            ["ls-remote", "--exit-code", "--quiet", "--", spec.url, ref, "\(ref)^{}"], [0, 2])
        // Patterns fit the ends of names too: `refs/heads/x/refs/heads/main`.
        var found: [String: String] = [:]
        for line in result.text.split(separator: "\n") {
            let parts = line.split(separator: "\t")
            if parts.count == 2 { found[String(parts[1])] = String(parts[0]) }
        }
        guard let head = found["\(ref)^{}"] ?? found[ref], SourceReference.isCommit(head) else {
            throw Refusal(.referenceMissing, "\(spec.url) has no \(spec.reference)")
        }
        return head
    }

    /// Gets what the repository has now.
    /// - Returns: the commit; another one than at the look, when there was a push in between.
    package func fetch(_ head: String) async throws(Refusal) -> GitCommit {
        if case .commit = spec.reference, let known = try await commit(head) { return known }
        let what = spec.reference.ref ?? head
        _ = try await remote(
            [
                "fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
                "--no-auto-maintenance", "--", spec.url, "+\(what):\(Self.head)",
            ], [0])
        await tidy()
        guard let commit = try await commit("\(Self.head)^{commit}") else {
            throw Refusal(.gitFailed, "\(head.prefix(12)) was fetched and is no commit")
        }
        return commit
    }

    /// Writes what became of a commit beside it, where everybody who has the repository sees it: `git log --notes=l45`.
    package func note(_ commit: String, _ text: String) async throws(Refusal) {
        // There may be none yet, or some of another orchestrator.
        _ = try await remote(
            ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", spec.url, "+\(Self.notes):\(Self.notes)"],
            nil)
        _ = try await local(["notes", "--ref=\(Self.notes)", "add", "--force", "-m", text, commit], [0])
        _ = try await remote(["push", "--quiet", "--no-verify", "--", spec.url, "\(Self.notes):\(Self.notes)"], [0])
    }

    // MARK: Reading what was fetched

    /// How `head` stands to the commit applied last. All of its history is here: a commit that is not is no part of it.
    package func ancestry(of head: String, applied: String?) async throws(Refusal) -> SourceDecision.Ancestry {
        guard let applied else { return .first }
        if applied == head { return .same }
        let result = try await local(["merge-base", "--is-ancestor", applied, head], nil)
        return result.status == 0 ? .descends : .diverged
    }

    /// - Returns: the file of each path, whole; what can not be read, rendered.
    /// - Throws: `folderMissing`, `noIntents`.
    package func files(of commit: String) async throws(Refusal) -> (sources: [APISource], faults: [String]) {
        let tree = spec.folder.isEmpty ? "\(commit)^{tree}" : "\(commit):\(spec.folder)"
        let origin = Self.origin(spec.name, commit)
        let listing = try await local(["ls-tree", "-r", "-z", "-l", tree], nil, outputBytesMax: 16 << 20)
        guard listing.status == 0 else {
            throw Refusal(.folderMissing, "\(commit.prefix(12)) has no folder '\(spec.folder)'")
        }
        let found = GitTree(listing: listing.output)
        if let excess = found.excess { throw Refusal(.badIntents, "\(commit.prefix(12)): \(excess)") }
        let inside = spec.folder.isEmpty ? "" : "\(spec.folder)/"
        var faults = found.faults.map { "\(origin):\(inside)\($0.path): error: \($0.reason)" }
        guard !found.files.isEmpty || !faults.isEmpty else {
            throw Refusal(
                .noIntents,
                "\(commit.prefix(12)) has no .yaml or .yml file\(spec.folder.isEmpty ? "" : " in '\(spec.folder)'"); "
                    + "'l45 source remove --withdraw' withdraws what it brought")
        }
        let asked = found.files.map { "\($0.object)\n" }.joined()
        let answer = try await local(
            ["cat-file", "--batch"], [0], input: Array(asked.utf8),
            outputBytesMax: GitTree.bytesMax + 200 * GitTree.filesMax)
        guard let contents = found.contents(answer.output) else {
            throw Refusal(.gitFailed, "the cache of \(spec.name) is damaged", isCacheDamaged: true)
        }
        var sources: [APISource] = []
        for (file, bytes) in zip(found.files, contents) {
            guard let text = String(validating: bytes, as: UTF8.self) else {
                faults.append("\(origin):\(inside)\(file.path): error: this is no UTF-8 text")
                continue
            }
            sources.append(APISource(origin: "\(origin):\(inside)\(file.path)", text: text))
        }
        return (sources, faults)
    }

    /// What stands in front of a path in messages: `net@3f9c2d1a8b70`.
    package static func origin(_ name: String, _ commit: String) -> String { "\(name)@\(commit.prefix(12))" }

    /// The commit that is in force is kept, whatever becomes of the branch.
    package func keep(_ commit: String) async throws(Refusal) {
        _ = try await local(["update-ref", Self.applied, commit], [0])
    }

    /// - Returns: nil: it is not here.
    private func commit(_ name: String) async throws(Refusal) -> GitCommit? {
        let result = try await local(["cat-file", "--batch"], [0], input: Array("\(name)\n".utf8))
        return GitCommit(answer: result.output)
    }

    // MARK: Signatures

    /// By `git verify-commit`, with the source's own keys and none of the machine's.
    package func signature(of commit: GitCommit) async throws(Refusal) -> SourceDecision.Signature {
        guard spec.signature != nil else { return .notAskedFor }
        guard commit.isSigned else { return .unsigned }
        let result = try await local(["verify-commit", commit.id], nil)
        if result.status == 0 { return .good }
        return .bad(result.said.isEmpty ? "no known signer" : result.said)
    }

    private func prepareKeys() async throws(Refusal) {
        guard let demand = spec.signature else { return }
        let mark = "\(keys)/l45-digest"
        let digest = Digest(of: Data("\(demand.kind.rawValue)\n\(demand.keys)".utf8)).hex
        if (try? String(contentsOfFile: mark, encoding: .utf8)) == digest { return }
        try? FileManager.default.removeItem(atPath: keys)
        do {
            try Self.makeFolder(keys)
            let file = "\(keys)/\(demand.kind == .ssh ? "allowed_signers" : "signers.asc")"
            try demand.keys.write(toFile: file, atomically: true, encoding: .utf8)
            if demand.kind == .gpg {
                let result = try await program.run(
                    ["--batch", "--no-autostart", "--quiet", "--import", file], seconds: Self.localSeconds,
                    program: "gpg")
                guard result.status == 0 else {
                    throw Refusal(.gitFailed, "gpg does not take the signers' keys: \(result.said)")
                }
            }
            try digest.write(toFile: mark, atomically: true, encoding: .utf8)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(.gitFailed, "the signers' keys are not in place: \(error)")
        }
    }

    // MARK: The repository

    private func prepare() async throws(Refusal) {
        do {
            for path in [folder, home] { try Self.makeFolder(path) }
            let settings = GitEnvironment.settings(spec, address: address, keys: keys)
            if (try? String(contentsOfFile: "\(home)/config", encoding: .utf8)) != settings {
                try settings.write(toFile: "\(home)/config", atomically: true, encoding: .utf8)
            }
            try Self.makeFolder(keys)
        } catch {
            throw Refusal(.gitFailed, "no room for the cache of \(spec.name): \(error.localizedDescription)")
        }
        try await prepareKeys()
        if FileManager.default.fileExists(atPath: "\(repository)/HEAD") { return }
        do throws(GitFailure) {
            let result = try await program.run(
                ["init", "--quiet", "--bare", "--template=", "--", repository], seconds: Self.localSeconds)
            guard result.status == 0 else { throw GitFailure(.status(result.status), result.said) }
        } catch {
            throw Refusal(error)
        }
    }

    private static func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    private func tidy() async {
        let packs = (try? FileManager.default.contentsOfDirectory(atPath: "\(repository)/objects/pack")) ?? []
        guard packs.count(where: { $0.hasSuffix(".pack") }) > Self.packsMax else { return }
        // What it does not get done now it does after the next fetch.
        _ = try? await local(["repack", "-a", "-d", "--quiet"], nil)
    }

    /// Removes all that is here of a source.
    package static func remove(_ name: String, in folder: String) {
        guard SourceSpec.isName(name) else { return }
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }

    /// So that the next look begins anew.
    package func discard() { try? FileManager.default.removeItem(atPath: repository) }

    // MARK: Running

    /// - Parameter fit: statuses that are no failure; nil: any.
    private func remote(_ arguments: [String], _ fit: Set<Int>?) async throws(Refusal) -> GitProgram.Result {
        try await run(arguments, fit, .unreachable, seconds: Self.remoteSeconds, outputBytesMax: 1 << 20, input: [])
    }

    private func local(
        _ arguments: [String], _ fit: Set<Int>?, input: [UInt8] = [], outputBytesMax: Int = 1 << 20
    ) async throws(Refusal) -> GitProgram.Result {
        try await run(
            arguments, fit, .gitFailed, seconds: Self.localSeconds, outputBytesMax: outputBytesMax, input: input)
    }

    private func run(
        _ arguments: [String], _ fit: Set<Int>?, _ reason: SourceStall.Reason, seconds: Int, outputBytesMax: Int,
        input: [UInt8]
    ) async throws(Refusal) -> GitProgram.Result {
        let result: GitProgram.Result
        do {
            result = try await program.run(
                ["--git-dir=\(repository)"] + arguments, input: input, seconds: seconds, outputBytesMax: outputBytesMax)
        } catch {
            throw Refusal(error, reason)
        }
        guard let fit, !fit.contains(result.status) else { return result }
        let how = result.said.isEmpty ? "it ended with status \(result.status)" : result.said
        throw Refusal(reason, "git \(arguments.first ?? ""): \(how)")
    }

    /// Why a source does not go on, in words.
    package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        package var reason: SourceStall.Reason
        package var description: String
        package var isCacheDamaged: Bool

        init(_ reason: SourceStall.Reason, _ description: String, isCacheDamaged: Bool = false) {
            self.reason = reason
            self.description = description
            self.isCacheDamaged = isCacheDamaged
        }

        init(_ failure: GitFailure, _ reason: SourceStall.Reason = .gitFailed) {
            self.init(failure.code == .missing ? .gitFailed : reason, failure.description)
        }
    }
}

import Foundation
import GitFixture
import GitSource
import Inventory
import L45Model
import Orchestrator
import Testing

/// Forges tell of pushes, and are told what became of them.
@Suite("Webhooks of forges, and what they are told")
struct SourceWebhookStories {
    private let secret = "a secret of more than 16 bytes"

    /// - Parameter hook: a shell script's text, that is run for news.
    private func withForge(
        hook: String? = nil, _ story: (TestFleet, GitRepository, _ folder: String) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "l45-forge-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try secret.write(toFile: "\(folder)/secret", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(folder)/secret")
        if let hook {
            try "#!/bin/sh\n\(hook)\n".write(toFile: "\(folder)/hook", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: "\(folder)/hook")
        }
        let fleet = try await TestFleet(
            git: GitConfiguration(
                webhook: OrchestratorConfiguration.Door(host: "127.0.0.1", port: 0),
                secret: WebhookSecret(path: "\(folder)/secret"),
                hook: hook == nil ? nil : ["\(folder)/hook", folder]))
        do {
            try await fleet.add("laptop", role: "workstation", address: "192.0.2.10")
            try await fleet.add("dns-1", role: "resolver", address: "192.0.2.53")
            try await story(fleet, try await GitRepository(), folder)
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }

    /// - Returns: the status.
    private func post(
        _ body: String, _ fleet: TestFleet, _ repository: GitRepository, signed: String? = nil,
        token: String? = nil, path: String = "/webhook", method: String = "POST"
    ) async throws -> String {
        let port = try #require(await fleet.orchestrator.webhookPort)
        let signature = signed ?? PushProof.signature(of: Array(body.utf8), secret: Secret(Array(secret.utf8)))
        let file = "\(repository.folder)/.git/body"
        try body.write(toFile: file, atomically: true, encoding: .utf8)
        return try await repository.run(
            "curl",
            [
                "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--request", method, "--header",
                token.map { "X-Gitlab-Token: \($0)" } ?? "X-Hub-Signature-256: \(signature)", "--data-binary",
                "@\(file)", "http://127.0.0.1:\(port)\(path)",
            ])
    }

    private func follow(_ spec: SourceSpec, _ fleet: TestFleet) async throws {
        let answer = await fleet.orchestrator.answer(.source(SourceRequest(add: spec)))
        guard case .sources = answer else { throw Unexpected("\(answer)") }
    }

    @Test("A signed webhook of its repository and branch has it looked at, within a second; no other does")
    func webhook() async throws {
        try await withForge { fleet, repository, _ in
            let first = try await repository.commit(["dns.yaml": SourceStories.dns])
            try await follow(SourceSpec(name: "net", url: repository.folder, every: .seconds(86_400)), fleet)
            await fleet.orchestrator.waitUntilSources { $0.entries["net"]?.stored.standing.applied == first }
            let second = try await repository.commit(["web.yaml": SourceStories.web])
            let body = #"{"ref": "refs/heads/main", "repository": {"clone_url": "\#(repository.folder)"}}"#
            #expect(
                try await post(body, fleet, repository, signed: "sha256=" + String(repeating: "0", count: 64)) == "401")
            #expect(try await post(body, fleet, repository, signed: "") == "401")
            #expect(try await post(body, fleet, repository, token: secret + " of another") == "401")
            #expect(try await post(body, fleet, repository, path: "/other") == "404")
            #expect(try await post(body, fleet, repository, method: "PUT") == "405")
            #expect(try await post("no JSON", fleet, repository) == "400")
            #expect(try await post(String(repeating: " ", count: 2 << 20), fleet, repository) == "413")
            let other = body.replacingOccurrences(of: "heads/main", with: "heads/next")
            #expect(try await post(other, fleet, repository) == "200")
            #expect(try await post(other, fleet, repository, token: secret) == "200")
            #expect(await fleet.orchestrator.sources.entries["net"]?.stored.standing.applied == first)

            let began = ContinuousClock.now
            #expect(try await post(body, fleet, repository) == "202")
            await fleet.orchestrator.waitUntilSources { $0.entries["net"]?.stored.standing.applied == second }
            print("webhook to applied: \(ContinuousClock.now - began)")
            await fleet.settled("web", epoch: Epoch(1))
        }
    }

    @Test("What became of a commit is written to it as a note: refused, or healthy once every tap has it")
    func notes() async throws {
        try await withForge { fleet, repository, _ in
            let good = try await repository.commit(["dns.yaml": SourceStories.dns])
            try await follow(SourceSpec(name: "net", url: repository.folder, notes: true), fleet)
            await fleet.orchestrator.waitUntilSources { $0.entries["net"]?.stored.standing.told?.state == .healthy }
            let note = try await repository.git("notes", "--ref=l45", "show", good)
            #expect(note.hasPrefix("l45-state: healthy\nl45-source: net\nl45-intents: 1\n"))
            let bad = try await repository.commit(["dns.yaml": "name: dns\nintent: 7\n"])
            _ = await fleet.orchestrator.answer(.source(SourceRequest(.sync, "net")))
            await fleet.orchestrator.waitUntilSources { $0.entries["net"]?.stored.standing.told?.commit == bad }
            #expect(
                try await repository.git("notes", "--ref=l45", "show", bad).contains(
                    "l45-fault: net@\(bad.prefix(12)):dns.yaml:2:"))
        }
    }

    @Test("The hook's program is given what became of a commit, as JSON; one that fails is run again")
    func hook() async throws {
        // The first time it fails.
        let script = #"cat >>"$1/news"; echo >>"$1/news"; test -e "$1/failed" || { touch "$1/failed"; exit 3; }"#
        try await withForge(hook: script) { fleet, repository, folder in
            let commit = try await repository.commit(["dns.yaml": SourceStories.dns])
            try await follow(SourceSpec(name: "net", url: repository.folder, every: .seconds(1)), fleet)
            await fleet.orchestrator.waitUntilSources { $0.entries["net"]?.stored.standing.told?.state == .healthy }
            let lines = try String(contentsOfFile: "\(folder)/news", encoding: .utf8).split(separator: "\n")
            let news = try lines.map { try JSONDecoder().decode(SourceNews.self, from: Data($0.utf8)) }
            #expect(news.count >= 2 && news.allSatisfy { $0.commit == commit && $0.source == "net" })
            #expect(news.last?.state == .healthy)
        }
    }
}

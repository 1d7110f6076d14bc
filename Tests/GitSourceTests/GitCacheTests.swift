import Foundation
import GitFixture
import GitSource
import L45Model
import Testing

/// Real git, real repositories, on this machine.
@Suite("What git says of a repository")
struct GitCacheTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "l45-cache-\(UUID().uuidString)").path
    private let intent = "name: dns\nintent:\n  - tag dig DNS\n"

    private func withRepository(_ story: (GitRepository) async throws -> Void) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await story(try await GitRepository())
    }

    private func cache(
        _ repository: GitRepository, _ reference: SourceReference = .branch("main"), folder path: String = "",
        signature: SignatureDemand? = nil
    ) throws -> GitCache {
        let spec = SourceSpec(
            name: "net", url: repository.folder, reference: reference, folder: path, signature: signature)
        return try GitCache(spec, in: folder)
    }

    @Test("A branch, an annotated tag and a commit are seen, fetched and read as they were committed")
    func references() async throws {
        try await withRepository { repository in
            let first = try await repository.commit(["dns.yaml": intent], "Tag DNS")
            try await repository.git("tag", "-a", "v1", "-m", "one")
            let second = try await repository.commit(["dns.yaml": intent + "# more\n"])
            for (reference, id, text) in [
                (SourceReference.branch("main"), second, intent + "# more\n"), (.tag("v1"), first, intent),
                (.commit(first), first, intent),
            ] {
                let cache = try cache(repository, reference)
                #expect(try await cache.look() == id)
                let commit = try await cache.fetch(id)
                #expect(commit.id == id && commit.author == "Jane Doe <jane@example.org>")
                let files = try await cache.files(of: commit.id)
                #expect(files.sources == [APISource(origin: "net@\(id.prefix(12)):dns.yaml", text: text)])
                #expect(files.faults.isEmpty)
            }
        }
    }

    @Test("Of a tree, YAML files that are not hidden are read; links, and what is no text, are told by path")
    func tree() async throws {
        try await withRepository { repository in
            try repository.write("prod/b.yml", intent)
            try repository.write("prod/a.yaml", intent)
            try repository.write("prod/.hidden/c.yaml", intent)
            try repository.write("prod/README.md", "no intent")
            try repository.write("other/d.yaml", intent)
            try FileManager.default.createSymbolicLink(
                atPath: "\(repository.folder)/prod/link.yaml", withDestinationPath: "/etc/passwd")
            try Data([0xff, 0xfe, 0]).write(to: URL(filePath: "\(repository.folder)/prod/bytes.yaml"))
            let id = try await repository.commit()
            let cache = try cache(repository, folder: "prod")
            _ = try await cache.fetch(try await cache.look())
            let (sources, faults) = try await cache.files(of: id)
            let origin = "net@\(id.prefix(12))"
            #expect(sources.map(\.origin) == ["\(origin):prod/a.yaml", "\(origin):prod/b.yml"])
            #expect(faults.count == 2)
            #expect(faults.contains { $0.hasPrefix("\(origin):prod/link.yaml: error: this is a link") })
            #expect(faults.contains { $0.hasPrefix("\(origin):prod/bytes.yaml: error: this is no UTF-8") })
        }
    }

    @Test("A history that goes on is told from one that was rewritten, and from one that was reset")
    func ancestry() async throws {
        try await withRepository { repository in
            let first = try await repository.commit(["dns.yaml": intent])
            let second = try await repository.commit(["dns.yaml": intent + "# 2\n"])
            let cache = try cache(repository)
            _ = try await cache.fetch(try await cache.look())
            #expect(try await cache.ancestry(of: second, applied: nil) == .first)
            #expect(try await cache.ancestry(of: second, applied: second) == .same)
            #expect(try await cache.ancestry(of: second, applied: first) == .descends)
            try await repository.git("reset", "--quiet", "--hard", first)
            #expect(
                try await cache.ancestry(of: try await cache.fetch(try await cache.look()).id, applied: second)
                    == .diverged)
            let third = try await repository.commit(["dns.yaml": intent + "# 3\n"])
            _ = try await cache.fetch(try await cache.look())
            #expect(try await cache.ancestry(of: third, applied: second) == .diverged)
            #expect(try await cache.ancestry(of: third, applied: String(repeating: "d", count: 40)) == .diverged)
        }
    }

    @Test("A repository, branch or folder that is not there is said to be so, by name")
    func missing() async throws {
        try await withRepository { repository in
            let id = try await repository.commit(["dns.yaml": intent])
            let branch = await #expect(throws: GitCache.Refusal.self) {
                try await cache(repository, .branch("next")).look()
            }
            #expect(branch?.reason == .referenceMissing && branch?.description.contains("branch next") == true)
            let folder = await #expect(throws: GitCache.Refusal.self) {
                let cache = try cache(repository, folder: "prod")
                _ = try await cache.fetch(try await cache.look())
                _ = try await cache.files(of: id)
            }
            #expect(folder?.reason == .folderMissing && folder?.description.contains("'prod'") == true)
            try await repository.commit(["dns.yaml": nil])
            let none = await #expect(throws: GitCache.Refusal.self) {
                let cache = try cache(repository)
                _ = try await cache.files(of: try await cache.fetch(try await cache.look()).id)
            }
            #expect(none?.reason == .noIntents)
            try FileManager.default.moveItem(atPath: "\(repository.folder)/.git", toPath: "\(repository.folder)/gone")
            let gone = await #expect(throws: GitCache.Refusal.self) { try await cache(repository).look() }
            #expect(gone?.reason == .unreachable)
        }
    }

    @Test("Settings and hooks that a repository brings are not followed")
    func hostile() async throws {
        try await withRepository { repository in
            let mark = "\(folder)-was-here"
            try await repository.commit(["dns.yaml": intent])
            try await repository.git("config", "uploadpack.packObjectsHook", "touch \(mark); git pack-objects")
            try await repository.git("config", "core.fsmonitor", "touch \(mark)")
            let cache = try cache(repository)
            _ = try await cache.files(of: try await cache.fetch(try await cache.look()).id)
            #expect(!FileManager.default.fileExists(atPath: mark))
        }
    }

    @Test("SSH signatures: by a known signer, by nobody, by a stranger")
    func ssh() async throws {
        try await withRepository { repository in
            let signers = try await repository.signBySSH()
            let demand = SignatureDemand(.ssh, keys: signers)
            #expect(try await verdict(repository, demand, signed: true) == .good)
            #expect(try await verdict(repository, demand, signed: false) == .unsigned)
            // Another key, of somebody who writes the same name.
            _ = try await repository.signBySSH()
            guard case .bad = try await verdict(repository, demand, signed: true) else {
                return #expect(Bool(false), "a stranger's signature was taken")
            }
        }
    }

    @Test("OpenPGP signatures: by a known signer, and by one whose key is not there")
    func gpg() async throws {
        try await withRepository { repository in
            let keys = try await repository.signByGPG()
            #expect(try await verdict(repository, SignatureDemand(.gpg, keys: keys), signed: true) == .good)
            // Signed by OpenPGP where ssh signers are asked for: of no use.
            let other = try await verdict(
                repository, SignatureDemand(.ssh, keys: "jane@example.org ssh-ed25519 AAAA"), signed: true)
            try await repository.endGPGAgent()
            guard case .bad = other else { return #expect(Bool(false), "\(other)") }
        }
    }

    private func verdict(
        _ repository: GitRepository, _ demand: SignatureDemand, signed: Bool
    ) async throws -> SourceDecision.Signature {
        try await repository.commit(["dns.yaml": "\(intent)# \(UUID())\n"], options: signed ? ["-S"] : [])
        let cache = try cache(repository, signature: demand)
        return try await cache.signature(of: try await cache.fetch(try await cache.look()))
    }

    @Test("A note on a commit goes back to the repository")
    func notes() async throws {
        try await withRepository { repository in
            let id = try await repository.commit(["dns.yaml": intent])
            let cache = try cache(repository)
            _ = try await cache.fetch(try await cache.look())
            try await cache.note(id, "l45-state: applied")
            try await cache.note(id, "l45-state: healthy")
            #expect(try await repository.git("notes", "--ref=l45", "show", id) == "l45-state: healthy")
        }
    }
}

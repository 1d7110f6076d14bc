import Foundation
import L45Model
import Synchronization
import Testing

@Suite("l45 edit, with editors that are scripts")
struct EditTests {
    /// Holds one intent's document, and takes what is applied unless `refuse` has something against it.
    private final class Book: Sendable {
        let source: Mutex<String>
        let applied = Mutex<[String]>([])
        init(_ source: String = "name: dns\nintent:\n  - tag dig DNS\n") { self.source = Mutex(source) }

        func service(_ refuse: @escaping @Sendable (String) -> APIFailure? = { _ in nil }) -> FakeOrchestrator {
            FakeOrchestrator { request in
                switch request {
                case .get:
                    var view = Fleet.intent()
                    view.source = self.source.withLock { $0 }
                    return .intents([view])
                case .apply(let apply):
                    let text = apply.sources.map(\.text).joined()
                    self.applied.withLock { $0.append(text) }
                    if let failure = refuse(text) { return .failure(failure) }
                    return .applied(
                        ApplyResult(
                            dryRun: false,
                            intents: [
                                ApplyResult.Intent(name: Fleet.dns, outcome: .configured, revision: Generation(3))
                            ]))
                default: return .failure(APIFailure(.malformed, "not in this test"))
                }
            }
        }
    }

    /// - Parameter editor: a shell script; the file is `$1`.
    private func edit(
        _ service: FakeOrchestrator, _ editor: String, keep: (String) throws -> Void = { _ in }
    ) async throws -> Binary.Outcome {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let script = "\(folder.path)/editor"
        try Data("#!/bin/sh\n\(editor)\n".utf8).write(to: URL(filePath: script))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        let outcome = try await serving(service) { socket in
            try await Binary.run(
                ["edit", "intent", "dns", "--server", socket],
                environment: ["EDITOR": script, "TMPDIR": folder.path, "HOME": folder.path])
        }
        try keep(folder.path)
        return outcome
    }

    @Test("What is saved is applied, without what l45 wrote above it")
    func saved() async throws {
        let book = Book()
        let outcome = try await edit(book.service(), "echo '  - rotate dialect every 6h' >> \"$1\"")
        #expect(outcome.status == 0)
        #expect(outcome.output == "intent/dns configured\n")
        #expect(book.applied.withLock { $0 } == ["name: dns\nintent:\n  - tag dig DNS\n  - rotate dialect every 6h\n"])
    }

    @Test("Saved as it was, or empty, nothing is asked")
    func unchanged() async throws {
        for editor in ["true", ": > \"$1\""] {
            let book = Book()
            let outcome = try await edit(book.service(), editor)
            #expect(outcome.status == 0)
            #expect(outcome.errors == "intent/dns stays as it is\n")
            #expect(book.applied.withLock { $0 }.isEmpty)
        }
    }

    @Test("A mistake is opened again with what is wrong above it, and mended there")
    func mended() async throws {
        let book = Book()
        // The first round makes the mistake, the second finds it told and mends it.
        let outcome = try await edit(
            book.service(),
            """
            if grep -q '^#l45: .*error' "$1"; then sed -i 's/tga/tag/' "$1"; \
            else sed -i 's/tag dig DNS/tga dig DNS over UDP/' "$1"; fi
            sed -i 's/ over UDP$//; /- rotate/d' "$1"; echo '  - rotate dialect every 1h' >> "$1"
            """)
        #expect(outcome.status == 0)
        #expect(book.applied.withLock { $0 } == ["name: dns\nintent:\n  - tag dig DNS\n  - rotate dialect every 1h\n"])
    }

    @Test("Refused and saved as it is, the work stays in a file that is named")
    func givenUp() async throws {
        let book = Book()
        let service = book.service { _ in APIFailure(.badInput, "it does not fit the fleet; nothing was changed") }
        var kept = ""
        let outcome = try await edit(
            service,
            "grep -q 'does not fit' \"$1\" || echo '  - rotate dialect every 6h' >> \"$1\"",
            keep: { folder in
                for found in try FileManager.default.subpathsOfDirectory(atPath: folder)
                where found.hasSuffix("dns.yaml") {
                    kept = try String(contentsOfFile: "\(folder)/\(found)", encoding: .utf8)
                }
            })
        #expect(outcome.status == 2)
        #expect(
            outcome.errors.hasPrefix("l45: it does not fit the fleet; nothing was changed\n     what you wrote is in "))
        #expect(kept.contains("rotate dialect every 6h"))
        #expect(kept.contains("#l45: l45: it does not fit the fleet; nothing was changed\n"))
    }

    @Test("What somebody else applied meanwhile is not written over")
    func meanwhile() async throws {
        let book = Book()
        let rounds = Rounds()
        let service = FakeOrchestrator { request in
            guard case .get = request else { return .failure(APIFailure(.malformed, "nothing may be applied")) }
            var view = Fleet.intent()
            view.source = book.source.withLock { $0 } + (rounds.next() == 1 ? "" : "# theirs\n")
            return .intents([view])
        }
        let outcome = try await edit(service, "echo '# mine' >> \"$1\"")
        #expect(outcome.status == 4)
        #expect(outcome.errors.contains("somebody else has changed intent 'dns' meanwhile; nothing was changed"))
    }

    @Test("Another intent's name is no edit of this one, and an editor that fails changes nothing")
    func refusals() async throws {
        let book = Book()
        let renamed = try await edit(book.service(), "sed -i 's/^name: dns/name: web/' \"$1\"")
        #expect(renamed.status == 2)
        #expect(renamed.errors.contains("the document is of 'web', and intent 'dns' is edited"))
        let failed = try await edit(book.service(), "exit 3")
        #expect(failed.status == 2)
        #expect(failed.errors.contains("ended with status 3; nothing was changed"))
        #expect(book.applied.withLock { $0 }.isEmpty)
    }
}

import ArgumentParser
import Foundation
import Testing

@testable import L45Command

@Suite("Manual and completions, made of the same definitions as help")
struct ManualTests {
    @Test("Every verb that help lists has a page, and each option of it is on the page")
    func pages() throws {
        let root = try ToolDescription.own().command
        #expect(root.verbs.count == L45.configuration.subcommands.count { $0.configuration.shouldDisplay })
        for verb in root.verbs {
            let page = ManPage.text(verb, root: root, date: "November 21, 2026", version: "0.1.0")
            #expect(page.contains(".Dt L45-\(verb.commandName.uppercased()) 1\n"))
            for option in verb.options.flatMap({ $0.names ?? [] })
            where !["help", "version", "h"].contains(option.name) {
                #expect(page.contains("Fl \(option.kind == "short" ? "" : "-")\(option.name)"), "\(verb.commandName)")
            }
        }
    }

    @Test("What is set in is an example, the rest is prose, and nothing in it is taken for a request")
    func prose() {
        let prose = ManProse("First. Second.\nstill 'first'.\n\n  l45 apply -f x\n  .dot\nLast.")
        #expect(prose.paragraphs == ["First. Second. still 'first'.", "Last."])
        #expect(prose.examples == ["l45 apply -f x", ".dot"])
        #expect(ManProse.lines("First. Second.\u{20}") == ["First.", "Second."])
        #expect(ManProse.guarded(".dot") == "\\&.dot")
        #expect(ManProse.escaped("a-b\\c 'é'") == "a\\-b\\ec \\(aq\\[u00E9]\\(aq")
    }

    @Test("The pages are written to a folder, and mandoc has nothing against them where there is one")
    func lint() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outcome = try await Binary.run(["manual", "--folder", "\(folder.path)/man1"])
        #expect(outcome.status == 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/man1").sorted()
        #expect(files.count == (try ToolDescription.own().command.verbs.count) + 1)
        #expect(outcome.output == "\(files.count) pages in \(folder.path)/man1\n")
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/mandoc") else { return }
        let lint = try await Binary.run(
            program: "/usr/bin/mandoc", ["-T", "lint", "-W", "warning"] + files.map { "\(folder.path)/man1/\($0)" })
        #expect(lint.status == 0, "\(lint.output)\(lint.errors)")
    }

    @Test("A page goes into a pipe as it is; of what is no verb, those that are are named")
    func page() async throws {
        let outcome = try await Binary.run(["manual", "apply"])
        #expect(outcome.status == 0 && outcome.output.contains(".Nd make intents so\n"))
        let none = try await Binary.run(["manual", "aply"])
        #expect(none.status == 2)
        #expect(none.errors.hasPrefix("l45: there is no verb 'aply'\n     there are: apply, "))
    }

    @Test("Completion scripts are taken by their shells", arguments: ["bash", "zsh", "fish"])
    func completion(_ shell: String) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outcome = try await Binary.run(["completion", shell])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("l45 names intents"))
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/\(shell)") else { return }
        try Data(outcome.output.utf8).write(to: URL(filePath: "\(folder.path)/script"))
        let check = try await Binary.run(program: "/usr/bin/\(shell)", ["-n", "\(folder.path)/script"])
        #expect(check.status == 0, "\(check.errors)")
    }

    @Test("Bash completes an intent's name, asked of the orchestrator")
    func names() async throws {
        let outcomes = try await serving(FakeOrchestrator.fleet()) { socket in
            let folder = try URL(filePath: Binary.path).deletingLastPathComponent().path
            let script = """
                source <(l45 completion bash)
                COMP_WORDS=(l45 rollout status d); COMP_CWORD=3; COMP_LINE='l45 rollout status d'; COMP_POINT=20
                COMP_TYPE=9; COMP_KEY=9
                _l45; printf '%s\\n' "${COMPREPLY[@]}"
                """
            return [
                try await Binary.run(["names"], environment: ["L45_SERVER": socket]),
                try await Binary.run(
                    program: "/usr/bin/bash", ["-c", script],
                    environment: ["L45_SERVER": socket, "PATH": "\(folder):/usr/bin:/bin"]),
            ]
        }
        #expect(outcomes[0].output == "dns\nclient-1\nresolver-1\nfresh\n")
        #expect(outcomes[1].output == "dns\n", "\(outcomes[1].errors)")
        let nobody = try await Binary.run(["names", "--server", "/tmp/nobody.sock"])
        #expect(nobody.status == 0 && nobody.output.isEmpty && nobody.errors.isEmpty)
    }
}

import ArgumentParser
import Foundation
import KernelTap
import L45Model
import Testing

@testable import L45Command

@Suite("Options")
struct OptionsTests {
    @Test("Labels are KEY=VALUE, a value may be empty or have an equals sign")
    func labels() {
        #expect(Labels(argument: "role=web,site=boston")?.pairs == ["role": "web", "site": "boston"])
        #expect(Labels(argument: "a=,b=c=d")?.pairs == ["a": "", "b": "c=d"])
        #expect(Labels.merged([Labels(["a": "1"]), Labels(["a": "2", "b": "3"])]) == ["a": "2", "b": "3"])
    }

    @Test("What is no label is refused", arguments: ["", "web", "=web", "a=1,", "a=1,a=2", ",a=1"])
    func badLabels(text: String) {
        #expect(Labels(argument: text) == nil)
    }

    @Test("State is where the XDG rules say, for root in /var/lib")
    func folders() {
        #expect(StateFolders(environment: [:], uid: 0).orchestratorSocket == "/var/lib/l45/nco/api.sock")
        #expect(StateFolders(environment: ["XDG_STATE_HOME": "/x"], uid: 0).orchestrator == "/x/l45/nco")
        #expect(StateFolders(environment: ["HOME": "/home/a"], uid: 7).agent == "/home/a/.local/state/l45/agent")
        #expect(
            StateFolders(environment: ["XDG_STATE_HOME": "relative", "HOME": "/h"], uid: 7).orchestrator
                == "/h/.local/state/l45/nco")
    }
}

@Suite("The agent's tap")
struct TapOptionTests {
    @Test("Each kind has a name on the command line")
    func names() throws {
        for (name, choice) in [("auto", TapChoice.auto), ("kernel", .kernel), ("preload", .preload)] {
            let command = try AgentCommand.parse(["--orchestrator", "nco:7450", "--tap-kind", name])
            #expect(command.choice == choice)
        }
        #expect(throws: (any Error).self) {
            try AgentCommand.parse(["--orchestrator", "nco:7450", "--tap-kind", "ebpf"])
        }
    }

    @Test("Without a kind: a folder of the user-space tap asks for that one, nothing asks for the best there is")
    func standard() throws {
        #expect(try AgentCommand.parse(["--orchestrator", "nco:7450"]).choice == .auto)
        #expect(try AgentCommand.parse(["--orchestrator", "nco:7450", "--tap", "/t"]).choice == .preload)
        #expect(
            try AgentCommand.parse(["--orchestrator", "nco:7450", "--tap", "/t", "--tap-kind", "auto"]).choice == .auto)
    }

    @Test("The kernel tap has no folder")
    func contradiction() {
        #expect(throws: (any Error).self) {
            try AgentCommand.parse(["--orchestrator", "nco:7450", "--tap", "/t", "--tap-kind", "kernel"])
        }
    }
}

@Suite("Reading intents")
struct IntentSourcesTests {
    private func message(_ body: () throws -> [APISource]) -> String? {
        do {
            _ = try body()
            return nil
        } catch CommandEnd.failed(let failure) {
            #expect(failure.status == .badInput)
            return failure.message
        } catch {
            return "\(error)"
        }
    }

    @Test("A folder gives its YAML files, those below too, by path; what is hidden or otherwise named is left out")
    func folder() throws {
        try withTemporaryFolder { folder in
            for (path, text) in [
                ("b.yaml", "b"), ("a/z.yml", "z"), ("a/notes.txt", "n"), (".git/x.yaml", "x"), ("a/.hidden.yaml", "h"),
            ] {
                let file = URL(filePath: folder).appending(path: path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
            let sources = try IntentSources.read([folder])
            #expect(
                sources == [
                    APISource(origin: "\(folder)/a/z.yml", text: "z"), APISource(origin: "\(folder)/b.yaml", text: "b"),
                ])
            // A file that is named is read, whatever its name.
            #expect(try IntentSources.read(["\(folder)/a/notes.txt"]).map(\.text) == ["n"])
        }
    }

    @Test("A path that cannot be read is named")
    func unreadable() throws {
        try withTemporaryFolder { folder in
            #expect(message { try IntentSources.read(["\(folder)/none.yaml"]) } == "'\(folder)/none.yaml' is not there")
            #expect(
                message { try IntentSources.read([folder]) } == "the folder '\(folder)' holds no *.yaml or *.yml file")
            #expect(
                message { try IntentSources.read(["-", "-"]) } == "standard input is named twice: it can be read once")
            try Data([0x61, 0xff]).write(to: URL(filePath: "\(folder)/latin.yaml"))
            #expect(message { try IntentSources.read([folder]) } == "'\(folder)/latin.yaml' is not UTF-8 text")
        }
    }
}

func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    return try body(folder.path)
}

import Foundation
import Testing

@testable import L45Command

@Suite("l45 validate, as it is run")
struct ValidateTests {
    private static let sound = "name: dns\nclients: {role: desk}\nservers: {role: dns}\nintent: tag dig DNS\n"

    private func withFiles<Value>(
        _ files: [String: [UInt8]], _ body: (String) async throws -> Value
    ) async throws -> Value {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for (name, bytes) in files { try Data(bytes).write(to: URL(filePath: "\(folder.path)/\(name)")) }
        return try await body(folder.path)
    }

    @Test("What is well is said in a line, without an orchestrator")
    func sound() async throws {
        let outcome = try await Binary.run(["validate", "-f", "-"], input: Self.sound)
        #expect(outcome.status == 0)
        #expect(outcome.output == "1 intent in 1 file: no mistake\n")
        #expect(outcome.errors == "")
    }

    @Test("One run tells of every file: what is no text, no YAML, no intent, and not there")
    func everything() async throws {
        let files: [String: [UInt8]] = [
            "a.yaml": Array(Self.sound.utf8), "b.yaml": Array("name: a\n  - x: [\n".utf8),
            "c.yaml": Array("name: é".utf8) + [0xff, 0x0a], "d.yaml": Array("name: dns\nintent: [tga dig DNS]\n".utf8),
            "e.yaml": Array("name: e\nintent:\n\t- tag dig DNS\n".utf8),
            "f.yaml": [0x7f, 0x45, 0x4c, 0x46, 0x02, 0x01, 0, 0],
        ]
        try await withFiles(files) { folder in
            let outcome = try await Binary.run(["validate", "-f", folder, "\(folder)/none.yaml"])
            #expect(outcome.status == 2)
            #expect(outcome.output == "")
            let first = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("/tmp/") }
                .map { $0.dropFirst(folder.count + 1) }
            #expect(
                first == [
                    "b.yaml:2:6: error: ': ' begins a value where none may begin",
                    "c.yaml:1:8: error: '\(folder)/c.yaml' is not UTF-8 text",
                    "d.yaml:2:10: error: unknown phrase 'tga dig DNS'", "e.yaml:3:1: error: a tab indents this line",
                    "f.yaml:1:1: error: character U+007F does not belong in an intent",
                    "none.yaml:1:1: error: '\(folder)/none.yaml' is not there",
                ])
            #expect(outcome.errors.hasSuffix("\n\n1 sound intent in 7 files: 6 mistakes\n"))
        }
    }

    @Test("Two files that define one name, and intents that fight each other, are told of with both places")
    func clashes() async throws {
        let files: [String: [UInt8]] = [
            "a.yaml": Array(Self.sound.utf8), "b.yaml": Array(Self.sound.utf8),
            "c.yaml": Array(Self.sound.replacing("name: dns", with: "name: other").utf8),
        ]
        try await withFiles(files) { folder in
            let outcome = try await Binary.run(["validate", "-f", folder])
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("b.yaml:1:7: error: two intents are named 'dns'"))
            #expect(outcome.errors.contains("\(folder)/a.yaml:1:7: note: the first one is here"))
            #expect(
                outcome.errors.contains(
                    "c.yaml:4:9: error: flow other/0 (dig udp/53) and flow dns/0 (dig udp/53) would both send on the "
                        + "same udp/53 sockets, as client on 'a device with role=desk'"))
        }
    }

    @Test("-o json says the same to a program, and what the files compile to is the same in every process")
    func json() async throws {
        let bad = try await Binary.run(
            ["validate", "-f", "-", "-o", "json"], input: "name: x\nnmae: y\nintent: tag dig DNS\n")
        #expect(bad.status == 2)
        let text = try #require(bad.output.data(using: .utf8))
        let document = try JSONDecoder().decode(Document.self, from: text)
        #expect(document.errors == 1 && document.warnings == 0 && document.files == 1 && document.compiled == nil)
        #expect(
            document.diagnostics == [
                Document.Finding(
                    severity: "error", rule: "field", file: "-", line: 2, column: 1, endColumn: 5,
                    message: "an intent has no key 'nmae'", hint: "did you mean 'name'?", excerpt: "nmae: y")
            ])
        var digests: Set<String?> = []
        for _ in 0..<3 {
            let good = try await Binary.run(["validate", "-f", "-", "-o", "json"], input: Self.sound)
            #expect(good.status == 0)
            digests.insert(try JSONDecoder().decode(Document.self, from: Data(good.output.utf8)).compiled)
        }
        #expect(digests.count == 1 && digests.first??.utf8.count == 64)
    }

    private struct Document: Decodable {
        struct Finding: Decodable, Equatable {
            var severity, rule, file: String
            var line, column, endColumn: Int
            var message: String
            var hint, excerpt: String?
        }
        var files, errors, warnings: Int
        var compiled: String?
        var diagnostics: [Finding]
    }

    @Test("-o sarif is what the specification asks for: every result has a rule, a level, a message and a region")
    func sarif() async throws {
        let files: [String: [UInt8]] = [
            "a b.yaml": Array("name: a\nintent: tag dig DNS\nname: b\n".utf8),
            "c.yaml": Array(Self.sound.utf8), "d.yaml": Array(Self.sound.utf8),
        ]
        try await withFiles(files) { folder in
            let outcome = try await Binary.run(["validate", "-f", folder, "-o", "sarif"])
            #expect(outcome.status == 2)
            let log = try JSONDecoder().decode(Log.self, from: Data(outcome.output.utf8))
            #expect(log.version == "2.1.0")
            let run = try #require(log.runs.first)
            #expect(log.runs.count == 1 && run.columnKind == "unicodeCodePoints" && run.tool.driver.name == "l45")
            #expect(Set(run.tool.driver.rules.map(\.id)).count == run.tool.driver.rules.count)
            #expect(run.results.map(\.ruleId) == ["field", "name"])
            for result in run.results {
                #expect(run.tool.driver.rules[result.ruleIndex].id == result.ruleId)
                #expect(["error", "warning", "note", "none"].contains(result.level))
                #expect(!result.message.text.isEmpty)
                for location in result.locations + (result.relatedLocations ?? []) {
                    let region = location.physicalLocation.region
                    #expect(region.startLine >= 1 && region.startColumn >= 1 && region.endColumn > region.startColumn)
                }
            }
            let first = run.results[0]
            #expect(first.message.text == "'name' stands in an intent twice. Keep one of them.")
            #expect(first.locations[0].physicalLocation.artifactLocation.uri == "file://\(folder)/a%20b.yaml")
            #expect(first.locations[0].physicalLocation.region.startLine == 3)
            #expect(first.relatedLocations?.first?.message?.text == "the first one is here")
        }
    }

    /// What SARIF 2.1.0 requires of the parts that are used: decoding fails where one is missing.
    private struct Log: Decodable {
        struct Text: Decodable { var text: String }
        struct Rule: Decodable {
            var id: String
            var shortDescription: Text
        }
        struct Driver: Decodable {
            var name: String
            var rules: [Rule]
        }
        struct Tool: Decodable { var driver: Driver }
        struct Artifact: Decodable { var uri: String }
        struct Region: Decodable { var startLine, startColumn, endColumn: Int }
        struct Physical: Decodable {
            var artifactLocation: Artifact
            var region: Region
        }
        struct Location: Decodable {
            var physicalLocation: Physical
            var message: Text?
        }
        struct Result: Decodable {
            var ruleId: String
            var ruleIndex: Int
            var level: String
            var message: Text
            var locations: [Location]
            var relatedLocations: [Location]?
        }
        struct Run: Decodable {
            var tool: Tool
            var columnKind: String
            var results: [Result]
        }
        var version: String
        var runs: [Run]
    }

    @Test("Bombs, depth and mountains of mistakes are bounded, in time and in what is told")
    func bounded() async throws {
        let anchors = (0..<9).map {
            "a\($0): &a\($0) [\(Array(repeating: "*a\(max(0, $0 - 1))", count: 9).joined(separator: ", "))]"
        }
        let bombs = [
            (anchors.joined(separator: "\n"), "YAML"), (String(repeating: "[", count: 50_000), "inside one another"),
            (
                "name: x\nintent: \(String(repeating: "{a: ", count: 500))b\(String(repeating: "}", count: 500))\n",
                "inside one another"
            ),
            ((0..<5000).map { "k\($0): 1" }.joined(separator: "\n"), "an intent has no key 'k0'"),
            (String(repeating: "---\n", count: 2000), "at most 1000 are read"),
        ]
        for (text, expected) in bombs {
            let began = ContinuousClock.now
            let outcome = try await Binary.run(["validate", "-f", "-"], input: text)
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains(expected), "\(outcome.errors.prefix(300))")
            #expect(outcome.errors.split(separator: "\n").count < 1000)
            #expect(ContinuousClock.now - began < .seconds(20))
        }
    }
}

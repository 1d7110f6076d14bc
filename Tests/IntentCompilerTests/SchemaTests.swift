import Foundation
import IntentCompiler
import Testing
import Yams

@Suite("The schema and the reference")
struct SchemaTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test(
        "The committed copies are what l45 schema prints",
        arguments: [
            ("schema/intent.schema.json", IntentSchema.text()), ("docs/intent-reference.md", IntentReference.text()),
        ])
    func committed(file: String, made: String) throws {
        let kept = try String(contentsOf: Self.root.appending(path: file), encoding: .utf8)
        #expect(kept == made, "l45 schema\(file.hasSuffix(".md") ? " --reference" : "") > \(file)")
    }

    private func check(_ text: String, _ checker: SchemaChecker) throws -> Bool {
        try Array(Yams.load_all(yaml: text)).compactMap { $0 }.allSatisfy { try checker.allows($0) }
    }

    @Test("The schema allows every example, every phrase and every intent that ships")
    func allowed() throws {
        let checker = try SchemaChecker(IntentSchema.text())
        var texts = PhraseSamples.all.map(\.document) + DefinitionsTests.keys.map { $0.mapping.example(of: $0.field) }
        texts += try LibraryTests.texts().map(\.text) + [LongFormTests.everything]
        // What explain prints is an intent too.
        texts += try texts.flatMap { try intents($0).map { explain($0) } }
        for text in texts { #expect(try check(text, checker), "\(text)") }
    }

    @Test(
        "The schema refuses what the decoder refuses",
        arguments: [
            "nmae: x\nintent: tag dig DNS", "name: X_Y\nintent: tag dig DNS", "name: x", "name: x\nintent: []",
            "name: x\nintent: tga dig DNS", "name: x\nintent: {tga: {}}", "name: x\nintent: {tag: {port: 53}}",
            "name: x\nintent: {tag: {transport: upd, port: 53}}",
            "name: x\nintent: {tag: {transport: udp, port: 70000}}",
            "name: x\nintent: {tag: {transport: udp, port: 53, test: maybe}}",
            "name: x\nintent: {tag: {transport: udp, port: 53, dialect: {bytes: 11}}}",
            "name: x\nintent: {tag: {transport: udp, port: 53, dialect: {at: middle}}}",
            "name: x\nintent: {tag: {transport: udp, port: 53, delay: 5}}",
            "name: x\nintent: {monitor: {transport: udp, port: 53, drop untagged: true}}",
            "name: x\nintent: {rotate: {jitter: 5m}}", "name: x\nintent: {rotate: {every: 6h, at: '0 3 * * *'}}",
            "name: x\nintent: {rotate: {every: 6h}, delay: 5s}", "name: x\nintent: {rollout: {waves: []}}",
            "name: x\nintent: {rollout: {halt: {errors: 3}}}", "name: x\nintent: {guard: {extensions: {mss: proven}}}",
            "name: x\nintent: {posture: {level: CPCON5}}", "name: x\nclients: []\nintent: tag dig DNS",
            "name: x\nclients: {'ro le': x}\nintent: tag dig DNS", "apiVersion: l45/v9\nname: x\nintent: tag dig DNS",
            "- name: x", "just a text", "variables: {a: [b]}", "variables: {'a b': c}",
            "defaults: {intent: tag dig DNS}", "defaults: {name: x}",
            "defaults: {intent: {tag: {transport: udp, port: 5}}}",
        ])
    func refused(text: String) throws {
        let checker = try SchemaChecker(IntentSchema.text())
        #expect(try !check(text, checker))
        #expect(rendered(text).contains("error: "))
    }

    @Test("The reference names every key, phrase, clause and protocol")
    func reference() {
        let page = IntentReference.text()
        for key in DefinitionsTests.keys {
            #expect(page.contains("| `\(key.field.key)`"), "\(key)")
            let example = "`\(key.field.key): \(key.field.example)`".replacing("|", with: "\\|")
            #expect(page.contains(example), "\(key)")
        }
        for words in ["tag PROGRAM PROTOCOL", "guard paths", "levels LOWEST, ..., HIGHEST", "drop unless tagged"] {
            #expect(page.contains("### `\(words)`\n"), "\(words)")
        }
        #expect(page.contains("| `max 10% unavailable` |") && page.contains("| `DNS over TLS` | tcp | 853 |"))
        for line in page.split(separator: "\n") where line.hasPrefix("| ") {
            let cells = line.replacing("\\|", with: "").count { $0 == "|" }
            #expect([4, 6].contains(cells), "\(line)")
        }
    }
}

import Foundation
import IntentCompiler
import Testing

/// Files that nobody would write: mutations of real ones, for as long as there is time.
@Suite("The YAML front, with bent files")
struct MutationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = environment["L45_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64(Int64.max))
    private static let seconds = environment["L45_FUZZ_SECONDS"].flatMap { Int($0) } ?? 2

    private static let tokens = [
        "---\n", "...\n", "- ", ": ", "? ", "&a ", "*a", "!!str ", "|\n", ">\n", "\"", "'", "{", "}", "[", "]", ",",
        "#", "%YAML 1.2\n",
        "\t", "\r\n", "\u{FEFF}", "\u{2028}", "é", "😀", "\u{0}", "$(", "$(x)", "$$(", ")", "name: x\n", "intent:\n",
        "variables:\n",
        "defaults:\n", "tag dig DNS", "0", "-1", "99999999999999999999", "1e309", "~", "null", "true", "<<: *a", "  ",
        "\n",
    ]

    @Test("Nothing breaks the reader: each place it tells lies in the file, and what it takes it takes again")
    func bent() throws {
        print("MutationTests: L45_SEED=\(Self.seed), \(Self.seconds) s (L45_FUZZ_SECONDS)")
        var corpus = try LibraryTests.texts().map(\.text) + [LongFormTests.everything]
        corpus += DefinitionsTests.keys.map { $0.mapping.example(of: $0.field) }
        corpus += ["variables: {a: dig}\ndefaults: {intent: [delay 5ms]}\n---\nname: x\nintent: tag $(a) DNS\n"]
        var generator = IntentGenerator(seed: Self.seed)
        let end = ContinuousClock.now + .seconds(Self.seconds)
        var files = 0
        while ContinuousClock.now < end {
            files += 1
            let text = Self.bent(generator.one(of: corpus), corpus, &generator)
            let began = ContinuousClock.now
            Self.hold(text)
            let took = ContinuousClock.now - began
            #expect(took < .seconds(20), "\(took) for \(text.utf8.count) bytes: \(text.debugDescription)")
        }
        print("MutationTests: \(files) files")
        #expect(files > 0)
    }

    private static func bent(_ text: String, _ corpus: [String], _ generator: inout IntentGenerator) -> String {
        var bytes = Array(text.utf8)
        for _ in 0..<generator.number(1...6) {
            let at = generator.number(0...bytes.count)
            let upTo = min(bytes.count, at + generator.number(0...40))
            switch generator.number(1...7) {
            case 1: if at < bytes.count { bytes[at] = UInt8(truncatingIfNeeded: generator.next()) }
            case 2: bytes.removeSubrange(at..<upTo)
            case 3: bytes.insert(contentsOf: bytes[at..<upTo], at: at)
            case 4, 5: bytes.insert(contentsOf: generator.one(of: tokens).utf8, at: at)
            case 6: bytes.insert(contentsOf: generator.one(of: corpus).utf8, at: at)
            default:
                let token = Array(generator.one(of: tokens).utf8)
                bytes.insert(contentsOf: (0..<generator.number(1...300)).flatMap { _ in token }, at: at)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hold(_ text: String) {
        let result = IntentParser.parse(IntentSource(origin: "x", text: text))
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for each in result.diagnostics {
            for place in [each.place] + each.notes.map(\.place) {
                let isWithin = (1...lines.count).contains(place.line) && place.column >= 1 && place.length >= 1
                #expect(isWithin, "\(place.short) of \(text.debugDescription)")
            }
            #expect(!each.message.isEmpty && each.rendered().contains(each.message))
        }
        guard !result.diagnostics.hasErrors else { return }
        for intent in result.intents {
            let printed = explain(intent)
            let again = IntentParser.parse(IntentSource(origin: "x", text: printed))
            #expect(again.intents.map { explain($0) } == [printed], "\(text.debugDescription)")
        }
    }
}

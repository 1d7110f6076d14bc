import Foundation
import IntentCompiler
import L45Model
import Testing

@Suite("The intents that ship")
struct LibraryTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "intents")

    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
    }

    /// Every file that ships, with its name.
    static func texts() throws -> [(file: String, text: String)] {
        try LibraryTests().files().map { ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) }
    }

    @Test("Each compiles on its own against a small fleet, without a warning, and says what it is for")
    func compiles() throws {
        let files = try files()
        #expect(files.count == 16)
        for file in files {
            let text = try String(contentsOf: Self.folder.appending(path: file), encoding: .utf8)
            let result = IntentParser.parse(IntentSource(origin: "intents/\(file)", text: text))
            #expect(result.diagnostics.isEmpty, "\(result.diagnostics.rendered())")
            // One intent, or a chain of them that begins with it, or a posture and the intents that it names.
            #expect(result.intents.first.map { "\($0.name).yaml" } == file)
            let isPosture = result.intents.first?.posture != nil
            #expect(isPosture || result.intents.dropFirst().allSatisfy { $0.after != nil })
            #expect(text.hasPrefix("# "))
            let compilation = IntentCompiler.compile(
                CompilerInput(
                    entries: result.intents.map { CompilerInput.Entry($0, epoch: .first) }, devices: Fleet.all,
                    rootSecret: Fleet.root))
            #expect(compilation.diagnostics.isEmpty, "\(compilation.diagnostics.rendered())")
            #expect(!compilation.modules(Fleet.desk).isEmpty || !compilation.paths(Fleet.desk).isEmpty)
        }
    }

    @Test("The README tells of each of them")
    func readme() throws {
        let text = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
        for file in try files() { #expect(text.contains("| `\(file)` |"), "\(file)") }
    }
}

import IntentCompiler
import L45Model
import Testing

@Suite("The table of keys, and the decoder that reads by it")
struct DefinitionsTests {
    /// A key of a mapping.
    struct Key: CustomStringConvertible {
        var mapping: MappingDefinition
        var field: FieldDefinition
        var description: String { "\(mapping.name).\(field.key)" }
    }

    static let keys = Definitions.all.flatMap { mapping in mapping.fields.map { Key(mapping: mapping, field: $0) } }

    private func errors(_ text: String) -> [Diagnostic] {
        OfflineCheck([IntentSource(origin: "x", text: text)]).diagnostics.filter { $0.severity == .error }
    }

    @Test("The example of every key compiles", arguments: keys)
    func examples(key: Key) {
        let text = key.mapping.example(of: key.field)
        #expect(text.contains("\(key.field.key): \(key.field.example)"))
        #expect(errors(text).isEmpty, "\(text)\n\(errors(text).rendered())")
    }

    @Test("Every key is read: a value that none can have is told of at its place", arguments: keys)
    func read(key: Key) {
        let value = "[[[]]]"
        let text = key.mapping.document(with: value, at: key.field)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let told = errors(text).contains { diagnostic in
            let at = lines[diagnostic.line - 1].dropFirst(max(0, diagnostic.column - 2))
            return at.hasPrefix(" [[[]]]") || at.hasPrefix("[[[]]]") || at.hasPrefix("[[]]")
        }
        #expect(told, "\(text)\n\(errors(text).rendered())")
    }

    @Test("A key that no table has is refused in every mapping", arguments: Definitions.all)
    func unknown(mapping: MappingDefinition) throws {
        var field = try #require(mapping.fields.first)
        // Behind a value that is right: in a line of its own, or after a comma.
        field.example += "\(mapping.setting.separator)zzzzzz: 1"
        let found = errors(mapping.example(of: field))
        #expect(found.contains { $0.message.contains("'zzzzzz'") || $0.message.contains("has one key") }, "\(found)")
        #expect(found.allSatisfy { $0.rule == .field || $0.rule == .intent })
    }

    @Test("What must be there is missed by name")
    func required() {
        #expect(errors("intent: tag dig DNS\n").first?.message == "this intent has no name")
        #expect(errors("name: x\n").first?.message == "this intent does not say what to do")
        let artifact = "name: x\nintent:\n  - tag: {transport: udp, port: 53, artifact: {bytes: 5}}\n"
        #expect(errors(artifact).first?.message == "'artifact' needs its sha256")
    }

    @Test("A number is taken at both of its bounds' insides and refused at their outsides", arguments: keys)
    func bounds(key: Key) {
        guard let range = key.field.shape.range else { return }
        for outside in [range.lowerBound - 1, range.upperBound + 1] {
            #expect(!errors(key.mapping.document(with: "\(outside)", at: key.field)).isEmpty, "\(outside)")
        }
        for inside in [range.lowerBound, range.upperBound] {
            let found = errors(key.mapping.document(with: "\(inside)", at: key.field)).filter { $0.rule == .value }
            #expect(found.isEmpty, "\(inside): \(found.rendered())")
        }
    }

    @Test("Every phrase of the grammar compiles, alone and with each of its clauses")
    func phrases() {
        #expect(PhraseSamples.all.count > 40)
        for sample in PhraseSamples.all {
            let found = errors(sample.document)
            #expect(found.isEmpty, "\(sample.document)\n\(found.rendered())")
        }
    }

    @Test("A version is the one that there is, in every document")
    func versions() throws {
        let text = "apiVersion: l45/v1\nname: x\nintent: tag dig DNS\n"
        #expect(errors(text).isEmpty)
        let later = errors(text.replacing("l45/v1", with: "l45/v2"))
        #expect(later.map(\.message) == ["this l45 reads apiVersion l45/v1, not 'l45/v2'"])
        #expect(later.first?.hint == "did you mean 'l45/v1'?")
        #expect(errors(text.replacing("l45/v1", with: "apps/v1")).first?.hint?.contains("leave the line out") == true)
    }

    @Test("'drop unless tagged' is 'drop untagged'")
    func dropUnlessTagged() throws {
        let texts = ["drop untagged", "drop unless tagged", "Drop Unless Tagged"]
        let all = try texts.map { try intent("name: x\nintent:\n  - tag dig DNS\n  - \($0)\n") }
        #expect(Set(all.map { explain($0) }).count == 1)
        #expect(all[0].tags.allSatisfy { $0.dropUntagged })
        #expect(rendered(phrase("drop unless taged")).contains("did you mean 'tagged'?"))
    }
}

extension Shape {
    /// Of a number, also where something else may stand.
    var range: ClosedRange<Int>? {
        switch self {
        case .number(let range): range
        case .either(let shapes): shapes.lazy.compactMap(\.range).first
        default: nil
        }
    }
}

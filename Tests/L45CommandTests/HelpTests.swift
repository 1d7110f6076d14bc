import Testing

@testable import L45Command

@Suite("Help")
struct HelpTests {
    @Test("Every verb has a sentence for an abstract, and its examples begin with l45")
    func verbs() {
        for verb in L45.configuration.subcommands {
            let configuration = verb.configuration
            #expect(configuration.abstract.hasSuffix("."), "\(verb)")
            let examples = configuration.discussion.split(separator: "\n").filter { $0.hasPrefix("  ") }
            #expect(examples.allSatisfy { $0.contains("l45 ") }, "\(verb)")
        }
    }
}

import ArgumentParser
import IntentCompiler

struct SchemaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Print the language of intents, for editors or for people.",
        discussion: """
            As a JSON Schema (draft 7), from which editors complete and underline; with --reference as a page of Markdown. \
            Both are made of the tables by which intents are read.

              l45 schema > intent.schema.json
              l45 schema --reference > intent-reference.md
            """)

    @Flag(help: "The reference, as Markdown.")
    var reference = false

    func run() throws {
        try Console.standard.print((reference ? IntentReference.text() : IntentSchema.text()).trimmingLineEnd)
    }
}

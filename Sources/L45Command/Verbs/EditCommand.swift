import ArgumentParser
import Foundation
import IntentCompiler
import L45Model

struct EditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract: "Open an intent's document in your editor, and apply what you save.",
        discussion: """
            The editor is $VISUAL, else $EDITOR, else vi. What is not taken is opened again with what is wrong above it; \
            saved as it is then, it stays in a file that is named. What somebody else has applied meanwhile is not \
            written over.

              l45 edit intent dns
              EDITOR='code --wait' l45 edit intent dns --wait
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable { case intent }

    @Argument(help: "What it is.")
    var kind: Kind
    @Argument(help: "Its name.", completion: Names.intents)
    var name: String
    @Flag(help: "Also where a git source keeps the intent, or another --field-manager holds it.")
    var force = false
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var server: ServerOptions

    /// Where it came from, in place of a file.
    static let origin = "l45 edit"

    func run() async throws {
        let console = Console.standard
        let intent = IntentName(name.hasPrefix("intent/") ? String(name.dropFirst("intent/".count)) : name)
        let before = try await source(of: intent)
        let file = try EditFile(intent)
        var shown = EditBuffer.opened(before, intent)
        while true {
            let text = try edited(file, shown)
            let document = EditBuffer.document(text)
            guard document != before, !document.allSatisfy(\.isWhitespace) else {
                file.remove()
                return console.complain("intent/\(intent) stays as it is")
            }
            do {
                try check(document, names: intent)
                guard try await source(of: intent) == before else {
                    throw CommandEnd.refused(
                        APIFailure(
                            .conflict, "somebody else has changed intent '\(intent)' meanwhile; nothing was changed",
                            hint: "what you wrote is in \(file.path); 'l45 edit intent \(intent)' opens theirs"))
                }
                let sources = [APISource(origin: Self.origin, text: document)]
                let response = try await server.ask(
                    .apply(ApplyRequest(sources: sources, force: force, manager: Self.origin)))
                guard case .applied(let result) = response else { throw response.unexpected }
                file.remove()
                for warning in result.warnings { console.complain(Printable.lines(warning)) }
                try console.print(ApplyText.text(result, console.palette(for: .out)))
                break
            } catch CommandEnd.failed(var failure) where failure.status != .badInput || text == shown {
                if failure.hint?.contains(file.path) != true {
                    failure.hint = [failure.hint, "what you wrote is in \(file.path)"].compactMap { $0 }
                        .joined(separator: "; ")
                }
                throw CommandEnd.failed(failure)
            } catch CommandEnd.failed(let failure) {
                shown = EditBuffer.refused(document, failure.text(.plain))
            }
        }
        guard waiting.wait else { return }
        try await Waiter(client: try server.client, console: console, timeout: waiting.timeout)
            .wait(for: [.settled(intent)])
    }

    private func source(of intent: IntentName) async throws -> String {
        let response = try await server.ask(.get(ResourceQuery(.intents, names: [intent.rawValue])))
        guard case .intents(let intents) = response, let view = intents.first else { throw response.unexpected }
        guard !view.source.isEmpty else {
            throw CommandEnd.refused(APIFailure(.conflict, "intent '\(intent)' is being withdrawn"))
        }
        return view.source
    }

    private func edited(_ file: EditFile, _ shown: String) throws -> String {
        try file.write(shown)
        let environment = ProcessInfo.processInfo.environment
        let editor = ["VISUAL", "EDITOR"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? "vi"
        let status = try Terminal.run(["/bin/sh", "-c", "exec \(editor) \"$1\"", "sh", file.path])
        guard status == 0 else {
            throw CommandEnd.badInput(
                "the editor '\(editor)' ended with status \(status); nothing was changed",
                hint: status == 127 ? "set $EDITOR to one that is there" : "the document is in \(file.path)")
        }
        return try file.read()
    }

    /// What parses here is looked at by the orchestrator; that it is another intent's is seen here alone.
    private func check(_ document: String, names intent: IntentName) throws {
        let parsed = IntentParser.parse(IntentSource(origin: Self.origin, text: document))
        guard !parsed.diagnostics.hasErrors else {
            throw CommandEnd.failed(
                CommandFailure(
                    status: .badInput, message: "the document has mistakes",
                    diagnostics: parsed.diagnostics.filter { $0.severity == .error }.map { $0.rendered() }))
        }
        guard parsed.intents.map(\.name) == [intent] else {
            let names = parsed.intents.map { "'\($0.name)'" }.joined(separator: ", ")
            throw CommandEnd.badInput(
                "the document is of \(names.isEmpty ? "no intent" : names), and intent '\(intent)' is edited",
                hint: "leave its name as it was; 'l45 apply -f' makes others")
        }
    }
}

/// The file that is edited, in a folder that nobody else can look into.
struct EditFile {
    let path: String
    private let folder: String

    init(_ intent: IntentName) throws {
        var template = Array("\(FileManager.default.temporaryDirectory.path)/l45-edit.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandEnd.badInput("no room for a file to edit: \(String(cString: strerror(errno)))")
        }
        folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = "\(folder)/\(intent.rawValue.replacing("/", with: "_")).yaml"
    }

    func write(_ text: String) throws {
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        else { throw CommandEnd.badInput("'\(path)' cannot be written: \(String(cString: strerror(errno)))") }
    }

    func read() throws -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw CommandEnd.badInput("the editor left no file at \(path); nothing was changed")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandEnd.badInput("'\(path)' is not UTF-8 text; nothing was changed", hint: "save it as UTF-8")
        }
        return text
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

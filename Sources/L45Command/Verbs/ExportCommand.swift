import ArgumentParser
import Foundation
import L45Model

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print all intents, the posture and the inventory as documents that apply takes back.",
        discussion: """
            Intents as they were applied, byte for byte; devices with the labels that operators and files gave them, in \
            a document for each file and git source that declares some, and one for the rest. Who \
            may operate stands in comments, without secrets: 'l45 operator add' makes an access. Keys and editions are \
            not exported: they are in the orchestrator's state, which is to be backed up itself.

              l45 export > fleet.yaml
              l45 export --folder fleet/       a file an intent, and inventory.yaml
              l45 apply -f fleet.yaml          on another orchestrator, or after a mistake
            """)

    @Option(
        help: ArgumentHelp(
            "Write files here; made if need be. What is there is not written over.", valueName: "folder"),
        completion: .directory)
    var folder: String?
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let response = try await server.ask(.get(ResourceQuery(.intents)))
        guard case .intents(let intents) = response else { throw response.unexpected }
        let answer = try await server.ask(.inventory)
        guard case .inventory(let devices) = answer else { throw answer.unexpected }
        let stand = try await server.ask(.get(ResourceQuery(.middleboxes)))
        guard case .middleboxes(let middleboxes) = stand else { throw stand.unexpected }
        let boxes = middleboxes.map { view in
            var box = view.declared
            box.by = view.declaredBy
            return box
        }
        var operators: [OperatorView] = []
        do {
            if case .operators(let all) = try await server.ask(.operators) { operators = all }
        } catch CommandEnd.failed(let failure) where failure.status == .refused {
            Console.standard.complain("l45: operators are left out: \(failure.message)")
        }
        let kept = intents.filter { !$0.deleting }
        var documents = kept.map { (name: "\($0.name)", text: $0.source) }
        var inventory = ExportText.operators(operators)
        inventory += try InventoryText.yaml(devices, boxes)
        documents.insert((name: "inventory", text: inventory), at: 0)
        let console = Console.standard
        guard let folder else { return try console.print(ExportText.joined(documents.map { $0.text }).trimmingLineEnd) }
        try write(documents, folder)
        try console.print("\(counted(documents.count, "file")) in \(folder)")
    }

    private func write(_ documents: [(name: String, text: String)], _ folder: String) throws {
        let files = documents.map { ("\(folder)/\($0.name.replacing("/", with: "_")).yaml", $0.text) }
        if let there = files.first(where: { FileManager.default.fileExists(atPath: $0.0) }) {
            throw CommandEnd.badInput(
                "'\(there.0)' is there already; nothing was written", hint: "name another --folder")
        }
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (path, text) in files { try Data(text.utf8).write(to: URL(filePath: path)) }
        } catch {
            throw CommandEnd.badInput("'\(folder)' cannot be written: \(error.localizedDescription)")
        }
    }
}

/// Documents under one another.
enum ExportText {
    static func joined(_ documents: [String]) -> String {
        documents.map { $0.hasSuffix("\n") ? $0 : $0 + "\n" }.joined(separator: "---\n")
    }

    static func operators(_ operators: [OperatorView]) -> String {
        operators.map { one in
            "# operator \(Printable.line("\(one.name)")): \(one.role.rawValue), scope \(Printable.line("\(one.scope)")), by \(one.kind.rawValue)\n"
        }.joined()
    }
}

import ArgumentParser
import Foundation
import L45Model

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Declare devices, their labels and groups: from a document, CSV, Ansible or a script.",
        discussion: """
            Labels count at once for devices that are enrolled, and for others when they enrol. What a file declared and \
            declares no more is taken back; what another file declared, and labels that were set by hand, stay. Who \
            declares is the file, by the path as it is given; --as or a document's own 'name:' says otherwise. Two that \
            label one device differently are refused. A member of a group has the label group.NAME=yes. Of an Ansible \
            inventory, the variables l45_NAME are labels. 'l45 apply' takes documents of kind: Inventory too, beside \
            intents, and so do git sources.

              l45 import inventory.yaml
              l45 import hosts.csv                          columns: name, groups, and a label each
              l45 import hosts.csv --prune                  and nothing that another file declared
              ansible-inventory --list | l45 import - --as ansible
              ./inventory.py | l45 import - --format json --as cmdb
              l45 import hosts.csv --show > inventory.yaml  the document, asking nobody
            """)

    @Argument(help: ArgumentHelp("The file, or '-' for standard input.", valueName: "path"), completion: .file())
    var path: String
    @Option(
        help:
            "What it is: auto looks at the name and the text; yaml, csv, ansible (its JSON, YAML or INI), json (a list)."
    )
    var format = InventoryImport.Format.auto
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "Who declares it: this replaces what was declared by the same name before, from whatever file.",
            valueName: "name"))
    var name: String?
    @Flag(help: "Take back what other files declared, too; what git sources declare stays.")
    var prune = false
    @Flag(help: "Say what would change, and change nothing.")
    var dryRun = false
    @Flag(help: "Print it as a document of kind: Inventory, and ask nobody.")
    var show = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let console = Console.standard
        guard let source = try IntentSources.read([path]).first else { return }
        let request = try InventoryImport.request(source, as: name, format: format, prune: prune, dryRun: dryRun)
        if show {
            return try console.print(InventoryText.yaml(request.devices, request.middleboxes ?? []).trimmingLineEnd)
        }
        try await DeclaredInventory.declare(request, output.output, server)
    }
}

extension InventoryImport.Format: ExpressibleByArgument {}

/// Sends declarations, and says what became of them.
enum DeclaredInventory {
    static func declare(
        _ request: DeclareRequest, _ format: OutputFormat, _ server: ServerOptions
    ) async throws {
        let response = try await server.ask(.declare(request))
        guard case .declared(let result) = response else { throw response.unexpected }
        let console = Console.standard
        for warning in result.warnings { console.complain("warning: \(Printable.line(warning))") }
        try console.print(
            format.document(result, names: result.names) ?? DeclareText.text(result, console.palette(for: .out)))
    }
}

/// What a declaration says.
enum DeclareText {
    /// - Parameter all: tell of what is as it was, too.
    static func text(_ result: DeclareResult, _ palette: Palette, all: Bool = true) -> String {
        let note = result.dryRun ? " (dry run)" : ""
        let areSeveral = Set(result.all.map(\.by)).count > 1
        var lines = result.devices.filter { all || $0.outcome != .unchanged }.map { device in
            let tone: Tone = device.outcome == .unchanged ? .faint : .good
            let whether = device.device == nil && device.outcome != .pruned ? ", not enrolled" : ""
            return "declared/\(Printable.line(device.name)) \(palette.paint(device.outcome.rawValue, tone))"
                + (device.outcome == .unchanged ? "" : note) + whether + (areSeveral ? by(device) : "")
        }
        lines += (result.middleboxes ?? []).filter { all || $0.outcome != .unchanged }.map { box in
            let tone: Tone = box.outcome == .unchanged ? .faint : .good
            return "middlebox/\(Printable.line(box.name)) \(palette.paint(box.outcome.rawValue, tone))"
                + (box.outcome == .unchanged ? "" : note) + (areSeveral ? by(box) : "")
        }
        if all, !result.undeclared.isEmpty {
            let names =
                result.undeclared.prefix(10).joined(separator: ", ") + (result.undeclared.count > 10 ? ", ..." : "")
            lines.append(
                "\(counted(result.undeclared.count, "enrolled device")) that no file names: \(Printable.line(names))")
        }
        return lines.isEmpty ? "nothing is declared" : lines.joined(separator: "\n")
    }

    private static func by(_ device: DeclareResult.Outcome) -> String {
        device.by.map { ", by \(Printable.line($0))" } ?? ""
    }
}

extension DeclareResult {
    /// What `-o name` prints: the declarations that change.
    var names: [String] {
        devices.filter { $0.outcome != .unchanged }.map { "declared/\($0.name)" }
            + (middleboxes ?? []).filter { $0.outcome != .unchanged }.map { "middlebox/\($0.name)" }
    }
}

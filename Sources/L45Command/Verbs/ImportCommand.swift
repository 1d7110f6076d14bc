import ArgumentParser
import Foundation
import L45Model

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Declare devices, their labels and groups: from a document, CSV, Ansible or a script.",
        discussion: """
            Labels count at once for devices that are enrolled, and for others when they enrol. What a file declared and \
            declares no more is taken back; labels that were set by hand stay. A member of a group has the label \
            group.NAME=yes. Of an Ansible inventory, the variables l45_NAME are labels. 'l45 apply' takes documents of \
            kind: Inventory too, beside intents.

              l45 import inventory.yaml
              l45 import hosts.csv --prune                  columns: name, groups, and a label each
              ansible-inventory --list | l45 import -
              ./inventory.py | l45 import - --format json
              l45 import hosts.csv --show > inventory.yaml  the document, asking nobody
            """)

    @Argument(help: ArgumentHelp("The file, or '-' for standard input.", valueName: "path"), completion: .file())
    var path: String
    @Option(
        help:
            "What it is: auto looks at the name and the text; yaml, csv, ansible (its JSON, YAML or INI), json (a list)."
    )
    var format = InventoryImport.Format.auto
    @Flag(help: "Take back what was declared of every other device.")
    var prune = false
    @Flag(help: "Say what would change, and change nothing.")
    var dryRun = false
    @Flag(help: "Print it as a document of kind: Inventory, and ask nobody.")
    var show = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let console = Console.standard
        let devices = try IntentSources.read([path]).flatMap {
            try InventoryImport.read($0.text, origin: $0.origin, format: format)
        }
        if show { return try console.print(InventoryText.yaml(devices).trimmingLineEnd) }
        try await DeclaredInventory.declare(devices, prune: prune, dryRun: dryRun, output.output, server)
    }
}

extension InventoryImport.Format: ExpressibleByArgument {}

/// Sends declarations, and says what became of them.
enum DeclaredInventory {
    static func declare(
        _ devices: [DeclaredDevice], prune: Bool, dryRun: Bool, _ format: OutputFormat, _ server: ServerOptions
    ) async throws {
        let response = try await server.ask(.declare(DeclareRequest(devices: devices, prune: prune, dryRun: dryRun)))
        guard case .declared(let result) = response else { throw response.unexpected }
        let console = Console.standard
        for warning in result.warnings { console.complain("warning: \(Printable.line(warning))") }
        let names = result.devices.filter { $0.outcome != .unchanged }.map { "declared/\($0.name)" }
        try console.print(format.document(result, names: names) ?? DeclareText.text(result, console.palette(for: .out)))
    }
}

/// What a declaration says.
enum DeclareText {
    static func text(_ result: DeclareResult, _ palette: Palette) -> String {
        let note = result.dryRun ? " (dry run)" : ""
        var lines = result.devices.map { device in
            let tone: Tone = device.outcome == .unchanged ? .faint : .good
            let whether = device.device == nil && device.outcome != .pruned ? ", not enrolled" : ""
            return "declared/\(Printable.line(device.name)) \(palette.paint(device.outcome.rawValue, tone))"
                + (device.outcome == .unchanged ? "" : note) + whether
        }
        if !result.undeclared.isEmpty {
            let names =
                result.undeclared.prefix(10).joined(separator: ", ") + (result.undeclared.count > 10 ? ", ..." : "")
            lines.append(
                "\(counted(result.undeclared.count, "enrolled device")) that no file names: \(Printable.line(names))")
        }
        return lines.isEmpty ? "nothing is declared" : lines.joined(separator: "\n")
    }
}

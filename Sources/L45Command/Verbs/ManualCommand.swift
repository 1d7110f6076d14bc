import ArgumentParser
import Foundation
import L45Model

struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual",
        abstract: "Show a page of the manual, or write all pages to a folder.",
        discussion: """
            On a terminal a page is shown by man(1), into a pipe it is written as mdoc(7). Pages are made of the \
            definitions that --help prints, one a verb: l45.1, l45-apply.1 and so on. Installed below a folder of \
            $MANPATH, 'man l45-apply' finds them.

              l45 manual apply
              l45 manual --folder /usr/local/share/man/man1
              l45 manual get | mandoc -T html > get.html
            """)

    @Argument(help: "The verb; none: of l45 itself.")
    var verb: String?
    @Option(
        help: ArgumentHelp("Write every page here; made if need be.", valueName: "folder"), completion: .directory)
    var folder: String?

    func validate() throws {
        guard verb == nil || folder == nil else { throw ValidationError("Name a verb or a --folder, not both.") }
    }

    func run() throws {
        let root = try ToolDescription.own().command
        let date = Date().formatted(
            Date.FormatStyle(locale: Locale(identifier: "en_US"), timeZone: .gmt).month(.wide).day().year())
        func page(_ command: ToolDescription.Command) -> String {
            ManPage.text(command, root: root, date: date, version: Build.version)
        }
        let console = Console.standard
        if let folder {
            let pages = [root] + root.verbs
            try write(pages.map { (ManPage.name($0), page($0)) }, folder)
            return try console.print("\(counted(pages.count, "page")) in \(folder)")
        }
        guard let command = verb.map({ name in root.verbs.first { $0.commandName == name } }) ?? root else {
            throw CommandEnd.badInput(
                "there is no verb '\(verb ?? "")'",
                hint: "there are: \(root.verbs.map(\.commandName).joined(separator: ", "))")
        }
        guard console.isTerminal(.out) else { return try console.print(page(command).trimmingLineEnd) }
        let file = "\(FileManager.default.temporaryDirectory.path)/\(ManPage.name(command)).\(getpid()).1"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Data(page(command).utf8).write(to: URL(filePath: file))
        if try Terminal.run(["man", "-l", file]) == 127 { try console.print(page(command).trimmingLineEnd) }
    }

    private func write(_ pages: [(name: String, text: String)], _ folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for page in pages { try Data(page.text.utf8).write(to: URL(filePath: "\(folder)/\(page.name).1")) }
        } catch {
            throw CommandEnd.badInput("the pages cannot be written to '\(folder)': \(error.localizedDescription)")
        }
    }
}

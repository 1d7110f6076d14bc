import ArgumentParser
import Foundation
import L45Model
import Orchestrator

/// `l45 rotate-key`.
struct RotateKeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key",
        abstract: "Replace the key that opens the orchestrator's state.",
        discussion: """
            While the orchestrator is stopped; devices go on meanwhile. Cut off at any instant, the key that is in place opens \
            the state. With --new-key, start 'l45 nco' with that key from then on: the old one is forgotten at that start. A \
            backup of before is still opened by the key of before.

              l45 rotate-key --state /var/lib/l45/nco
              l45 rotate-key --state /var/lib/l45/nco --new-key credential:l45
            """)

    @Option(help: ArgumentHelp("Folder of the orchestrator's state.", valueName: "folder"))
    var state: String?
    @Option(help: KeyPlace.help)
    var key: KeyPlace?
    @Option(help: ArgumentHelp("Where the new key is; root.key is made anew otherwise.", valueName: "place"))
    var newKey: KeyPlace?

    func validate() throws {
        guard key == nil || newKey != nil else {
            throw ValidationError(
                "A key that is not root.key is made where it is kept: say where the new one is with --new-key.")
        }
    }

    func run() throws {
        let folder =
            state ?? StateFolders(environment: ProcessInfo.processInfo.environment, uid: geteuid()).orchestrator
        guard FileManager.default.fileExists(atPath: folder + "/cib.sqlite") else {
            throw CommandEnd.badInput(
                "there is no orchestrator's state in '\(folder)'", hint: "name its folder with --state")
        }
        let caller = Caller(
            name: "uid \(geteuid())", means: .process, from: "pid \(getpid())", role: .administer)
        do {
            try KeyStore.rotate(folder: folder, key: key, to: newKey, by: caller, now: .now())
        } catch {
            throw CommandEnd.badInput("the key was not rotated: \(error)")
        }
        try Console.standard.print(
            newKey.map { "\($0) opens the state from now on: start 'l45 nco' with --key" }
                ?? "\(folder)/root.key is new, and the one before opens nothing any more")
    }
}

import ArgumentParser
import Foundation
import KernelTap

/// `l45 run -- COMMAND`: becomes a program under the tap.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a program under the user-space tap.",
        discussion: """
            The program, and those that it starts, speak the dialects that the agent's tap has in force, now and as they change. \
            Exit status is the program's own. Programs that are statically linked, or that gain privileges when they start, are \
            out of the tap's reach and are not started.

              l45 run -- dig @192.0.2.53 example.org
            """)

    @Option(help: ArgumentHelp("The agent's tap folder.", valueName: "folder"))
    var tap: String?
    @Argument(
        parsing: .postTerminator, help: ArgumentHelp("The program and its arguments, after --.", valueName: "command"))
    var command: [String] = []

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        do {
            try TapLauncher.execute(
                try TapLauncher.prepare(
                    command: command, tapFolder: tap ?? TapFolder.standard(environment: environment, userID: geteuid()),
                    environment: environment))
        } catch {
            throw CommandEnd.badInput("\(error)")
        }
    }
}

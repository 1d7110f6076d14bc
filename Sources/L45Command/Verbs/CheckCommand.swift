import ArgumentParser
import Foundation
import L45Model

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Look whether this machine is fit to be an agent or an orchestrator, and what to do where not.",
        discussion: """
            Changes nothing. As the user that is to run it.

              l45 check agent --orchestrator nco.example.org:7450
              l45 check nco --listen 0.0.0.0:7450

            Exit status: 0 fit, also with warnings; 1 unfit.
            """)

    @Argument(help: "What the machine is to be.")
    var part: MachineCheck.Part
    @Option(
        help: ArgumentHelp("Its state folder. (default: as of 'l45 agent' and 'l45 nco')", valueName: "folder"),
        completion: .directory)
    var state: String?
    @Option(help: ArgumentHelp("Of an orchestrator: the port that is to be free.", valueName: "host:port"))
    var listen: HostPort?
    @Option(help: ArgumentHelp("Of an agent: the orchestrator that is to be reached.", valueName: "host:port"))
    var orchestrator: HostPort?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard listen == nil || part == .nco else { throw ValidationError("--listen is for 'l45 check nco'.") }
        guard orchestrator == nil || part == .agent else {
            throw ValidationError("--orchestrator is for 'l45 check agent'.")
        }
    }

    func run() async throws {
        let folders = StateFolders(environment: ProcessInfo.processInfo.environment, uid: geteuid())
        let place = part == .nco ? listen ?? HostPort(host: "0.0.0.0", port: HostPort.standardPort) : nil
        let facts = await MachineFacts.gathered(
            state: state ?? (part == .nco ? folders.orchestrator : folders.agent), listen: place,
            orchestrator: orchestrator)
        let lines = MachineCheck.lines(part, facts)
        let console = Console.standard
        try console.print(
            output.output.document(lines, names: lines.filter { $0.verdict != .well }.map(\.subject))
                ?? CheckText.text(lines, console.palette(for: .out)))
        guard lines.allSatisfy({ $0.verdict != .unfit }) else { throw CommandEnd.notMet() }
    }
}

extension MachineCheck.Part: ExpressibleByArgument {}

import Agent
import ArgumentParser
import Foundation
import KernelTap
import L45Model
import ServiceLifecycle
import UnixSignals

/// `l45 agent`: the device customization agent.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Run the agent of this device.",
        discussion: """
            Puts the tables that the orchestrator sends in force in this device's tap, and reports what the tap runs. The first \
            start needs a token of 'l45 token create'; from then on the device is known by its key, which stays in --state. \
            What is in force stays so while the orchestrator, or the agent itself, is away.

              l45 agent --orchestrator nco.example:7450 --token l45-...   the first time
              l45 agent --orchestrator nco.example:7450                   from then on
            """)

    @Option(help: ArgumentHelp("Where the orchestrator listens.", valueName: "host:port"))
    var orchestrator: HostPort
    @Option(help: ArgumentHelp("Folder of keys, ledger and artifacts; made if need be.", valueName: "folder"))
    var state: String?
    @Option(help: ArgumentHelp("Folder of the tap, for 'l45 run --tap'; made if need be.", valueName: "folder"))
    var tap: String?
    @Option(help: ArgumentHelp("Enrols the device at its first start.", valueName: "token"))
    var token: String?
    @Option(help: ArgumentHelp("Name for people; the host name otherwise.", valueName: "name"))
    var name: String?
    @Option(
        name: .customLong("label"),
        help: ArgumentHelp("Labels; the operator's own win over them.", valueName: "k=v,..."))
    var labels: [Labels] = []
    @Option(
        name: .customLong("address"),
        help: ArgumentHelp(
            "An address that peers know the device by; all of its interfaces otherwise.", valueName: "ip"))
    var addresses: [Address] = []
    @OptionGroup var logs: LogOptions

    /// An address without a prefix length, or a block.
    struct Address: ExpressibleByArgument, Sendable {
        let block: AddressBlock
        init?(argument: String) {
            guard let block = AddressBlock(argument) else { return nil }
            self.block = block
        }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        let stateFolder = state ?? StateFolders(environment: environment, uid: geteuid()).agent
        let tapFolder = tap ?? TapFolder.standard(environment: environment, userID: geteuid())
        let logger = logs.logger("l45.agent")
        do {
            for folder in [stateFolder, tapFolder] {
                try FileManager.default.createDirectory(
                    atPath: (folder as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            }
            let service = AgentService(
                AgentConfiguration(
                    stateFolder: stateFolder, host: orchestrator.host, port: orchestrator.port, token: token,
                    name: name,
                    labels: Labels.merged(labels), addresses: addresses.map(\.block), version: Build.version),
                tap: try PreloadTap(folder: tapFolder),
                logger: logger)
            try await ServiceGroup(
                services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
            ).run()
        } catch {
            throw CommandEnd.badInput("the agent can not go on: \(error)")
        }
    }
}

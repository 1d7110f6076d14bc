import Agent
import ArgumentParser
import ControlChannel
import Foundation
import KernelTap
import L45Model
import Logging
import ServiceLifecycle
import UnixSignals

/// `l45 agent`: the device customization agent.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Run the agent of this device.",
        discussion: """
            Puts the tables that the orchestrator sends in force in this device's tap, and reports what the tap runs. The tap is \
            the kernel's (l45.ko, every process) where it is loaded, else that of the programs under 'l45 run'. The first \
            start needs a token of 'l45 token create'; from then on the device is known by its key, which stays in --state. \
            What is in force stays so while the orchestrator, or the agent itself, is away.

              l45 agent --orchestrator nco.example:7450 --token-file token   the first time
              l45 agent --orchestrator nco.example:7450                      from then on
            """)

    @Option(help: ArgumentHelp("Where the orchestrator listens.", valueName: "host:port"))
    var orchestrator: HostPort
    @Option(help: ArgumentHelp("Folder of keys, ledger and artifacts; made if need be.", valueName: "folder"))
    var state: String?
    @Option(
        help: ArgumentHelp(
            "Folder of the user-space tap, for 'l45 run --tap'; made if need be.", valueName: "folder"))
    var tap: String?
    @Option(
        help: ArgumentHelp(
            "kernel: l45.ko; preload: programs under 'l45 run'; auto: the first where it is loaded, else the second. "
                + "The default is auto, or preload where --tap is given.", valueName: "auto|kernel|preload"))
    var tapKind: TapChoice?
    @Option(
        help: ArgumentHelp(
            "Enrols the device at its first start. Whoever may list this machine's processes sees it: better --token-file.",
            valueName: "token"))
    var token: String?
    @Option(help: ArgumentHelp("The same, in a file of mode 600.", valueName: "file"))
    var tokenFile: String?
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
    @Option(
        help: ArgumentHelp(
            "Answer HICCUPS probes beside the services on these TCP ports, as 'l45 respond --service' does.",
            valueName: "number,..."))
    var respond: [RespondCommand.Ports] = []
    @OptionGroup var logs: LogOptions

    /// An address without a prefix length, or a block.
    struct Address: ExpressibleByArgument, Sendable {
        let block: AddressBlock
        init?(argument: String) {
            guard let block = AddressBlock(argument) else { return nil }
            self.block = block
        }
    }

    var choice: TapChoice { tapKind ?? (tap == nil ? .auto : .preload) }

    func validate() throws {
        guard token == nil || tokenFile == nil else {
            throw ValidationError("Give --token or --token-file, not both.")
        }
        guard RespondCommand.Ports.merged(respond).count <= 256 else {
            throw ValidationError("--respond takes up to 256 ports.")
        }
        if tapKind == .kernel, let tap {
            throw ValidationError(
                "--tap \(tap) is a folder of the user-space tap, and --tap-kind kernel has none; leave one of them out")
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
            let token = try tokenFile.map { try SecretFile.read($0, bytesMax: 4096) } ?? token
            let configuration = AgentConfiguration(
                stateFolder: stateFolder, host: orchestrator.host, port: orchestrator.port, token: token, name: name,
                labels: Labels.merged(labels), addresses: addresses.map(\.block), version: Build.version,
                respond: RespondCommand.Ports.merged(respond))
            let locksFolder = (TapFolder.standard(environment: [:], userID: geteuid()) as NSString)
                .deletingLastPathComponent
            let opened = try choice.open(folder: tapFolder, locksFolder: locksFolder) { obstacle in
                logger.warning("kernel tap passed over", metadata: ["reason": "\(obstacle)"])
            }
            switch opened {
            case .kernel(let tap): try await serve(configuration, tap, logger)
            case .preload(let tap): try await serve(configuration, tap, logger)
            }
        } catch {
            throw CommandEnd.badInput("the agent can not go on: \(error)")
        }
    }

    private func serve(_ configuration: AgentConfiguration, _ tap: some Tap, _ logger: Logger) async throws {
        let service = AgentService(configuration, tap: tap, paths: .system, logger: logger)
        try await ServiceGroup(
            services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
        ).run()
    }
}

extension TapChoice: ExpressibleByArgument {}

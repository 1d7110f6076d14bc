import ArgumentParser
import Foundation
import L45Model
import Logging
import ServiceLifecycle
import UnixSignals

/// `l45 demo`: a playground.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Set up a playground: an orchestrator and simulated devices, on this machine and without privileges.",
        discussion: """
            A real orchestrator and real agents, all in this process, on loopback alone; only the devices' taps are \
            simulated, with made-up traffic. Everything is in one folder, which goes when the demo ends.

              l45 demo
              l45 demo --devices 20
              l45 demo --run 'l45 apply -f intents/dns.yaml --wait && l45 get modules'
            """)

    @Option(help: ArgumentHelp("How many devices, 3 to 100.", valueName: "number"))
    var devices = 6
    @Option(
        name: .customLong("run"),
        help: ArgumentHelp(
            "Run this by /bin/sh in the demo's folder once all is up, and end with its status; may be given again.",
            valueName: "commands"))
    var scripts: [String] = []
    @Option(
        help: ArgumentHelp(
            "Where to put it: a folder that is not there yet, and is left behind. (default: one in $TMPDIR, which is removed)",
            valueName: "folder"), completion: .directory)
    var folder: String?
    @OptionGroup var logs: LogOptions

    func validate() throws {
        guard (3...100).contains(devices) else { throw ValidationError("--devices is 3 to 100.") }
    }

    /// Logs of a playground are for those who ask for them.
    private var logger: Logger {
        logs.logLevel == .info ? Logger(label: "l45.demo") { _ in SwiftLogNoOpLogHandler() } : logs.logger("l45.demo")
    }

    func run() async throws {
        let place = try DemoFolder(folder)
        defer { place.remove() }
        let playground = DemoPlayground(folder: place, devices: devices, logger: logger)
        let console = Console.standard
        let commands = scripts
        let task = DemoTask {
            try await playground.run {
                guard commands.isEmpty else { return try await DemoScript.run(commands, place) }
                try console.print(DemoText.welcome(place, devices: playground.devices))
                return nil
            }
        }
        do {
            try await ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: [
                        ServiceGroupConfiguration.ServiceConfiguration(
                            service: task, successTerminationBehavior: .gracefullyShutdownGroup)
                    ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            ).run()
        } catch let end as CommandEnd {
            throw end
        } catch {
            throw CommandEnd.badInput("the demo cannot go on: \(error)")
        }
        if let status = await task.status, status != 0 { throw CommandEnd.status(status) }
    }
}

/// The playground as a service that ends in order, and the status of what was run in it.
private actor DemoTask: Service {
    private(set) var status: Int32?
    private let body: @Sendable () async throws -> Int32?

    init(_ body: @escaping @Sendable () async throws -> Int32?) { self.body = body }

    func run() async throws {
        let body = body
        do {
            let status = try await cancelWhenGracefulShutdown { try await body() }
            self.status = status
        } catch is CancellationError {
            return
        }
    }
}

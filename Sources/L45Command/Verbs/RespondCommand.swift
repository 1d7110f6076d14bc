import ArgumentParser
import HiccupsGuard

/// `l45 respond`: a far end to probe.
struct RespondCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "respond",
        abstract: "Answer HICCUPS probes, also on services' ports.",
        discussion: """
            A port of its own is held by a socket that drops what reaches it; no firewall is touched. On a service's port the SYNs \
            that probers mark are taken before the service sees them, by an nftables table (l45_respond_...) that ends with \
            this process, however it ends; clients of the service are not touched. Probes are answered whatever the \
            host's own rules say of their sender. Says 'ready' on standard error once it answers.

              l45 respond --port 4545
              l45 respond --service 443,8443
            """)

    @Option(help: ArgumentHelp("A TCP port that nobody listens on; may be repeated.", valueName: "number"))
    var port: [UInt16] = []
    @Option(help: ArgumentHelp("TCP ports of services that run here; may be repeated.", valueName: "number,..."))
    var service: [Ports] = []
    @Option(help: ArgumentHelp("16 bytes that the probing end holds too.", valueName: "file"))
    var key: String?
    @Option(
        help: ArgumentHelp("Answers per second beside services; further probes go unanswered.", valueName: "number"))
    var rate = HiccupsResponder.answersPerSecond

    /// `443` or `443,8443`.
    struct Ports: ExpressibleByArgument, Sendable {
        let numbers: [UInt16]
        init?(argument: String) {
            let parts = argument.split(separator: ",", omittingEmptySubsequences: false).map { UInt16($0) }
            guard parts.allSatisfy({ ($0 ?? 0) > 0 }) else { return nil }
            numbers = parts.compactMap { $0 }
        }

        /// Of several options, each number once.
        static func merged(_ all: [Ports]) -> [UInt16] { Set(all.flatMap(\.numbers)).sorted() }
    }

    private var services: [UInt16] { Ports.merged(service) }

    func validate() throws {
        guard !port.isEmpty || !service.isEmpty else {
            throw ValidationError(
                "Say what to answer on: --port for a port of its own, --service for that of a service.")
        }
        guard port.count <= 1000, !port.contains(0) else {
            throw ValidationError("--port takes up to 1000 ports from 1 to 65535.")
        }
        guard services.count <= 256 else { throw ValidationError("--service takes up to 256 ports.") }
        guard (1...1_000_000).contains(rate) else { throw ValidationError("--rate must lie between 1 and 1000000.") }
    }

    func run() async throws {
        let console = Console.standard
        do {
            let keys = PathKeyring(common: try key.map(PathKeyFile.read))
            let responder = try HiccupsResponder(ports: port, services: services, answersPerSecond: rate) { keys }
            let idle = Set(services).subtracting(ListeningPorts.current()).sorted()
            if !idle.isEmpty {
                console.complain(
                    "nobody listens on TCP port \(Self.list(idle)) here; probes are answered all the same")
            }
            var places: [String] = []
            if !port.isEmpty { places.append("on TCP port \(Self.list(responder.numbers))") }
            if !services.isEmpty { places.append("beside the services on TCP port \(Self.list(services))") }
            console.complain("ready, answering \(places.joined(separator: " and "))")
            try responder.run(StopFlag())
        } catch let error as ProbeError {
            throw CommandEnd.badInput("\(error)")
        }
    }

    private static func list(_ ports: [UInt16]) -> String { ports.map { "\($0)" }.joined(separator: ", ") }
}

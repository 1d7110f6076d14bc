import ArgumentParser
import HiccupsGuard

/// `l45 respond --port N`: a far end to probe.
struct RespondCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "respond",
        abstract: "Answer HICCUPS probes on ports of their own.",
        discussion: """
            Needs no support of the kernel, and touches no firewall: the port is held by a socket that drops what reaches it. \
            Says 'ready' on standard error once it answers; ends with the process.

              l45 respond --port 4545
            """)

    @Option(help: ArgumentHelp("A TCP port that nobody listens on; may be repeated.", valueName: "number"))
    var port: [UInt16]
    @Option(help: ArgumentHelp("16 bytes that the probing end holds too.", valueName: "file"))
    var key: String?

    func validate() throws {
        guard (1...1000).contains(port.count), !port.contains(0) else {
            throw ValidationError("--port takes 1 to 1000 ports from 1 to 65535.")
        }
    }

    func run() async throws {
        do {
            let responder = try HiccupsResponder(ports: port, key: try key.map(PathKeyFile.read))
            Console.standard.complain(
                "ready, answering on TCP port \(responder.numbers.map { "\($0)" }.joined(separator: ", "))")
            try responder.run(StopFlag())
        } catch let error as ProbeError {
            throw CommandEnd.badInput("\(error)")
        }
    }
}

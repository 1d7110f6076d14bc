import ArgumentParser
import Foundation
import HiccupsGuard

/// `l45 lab run`: a lab for as long as one command takes.
struct LabRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command, or a probe, through a middlebox.",
        discussion: """
            The command runs at the near end, 192.0.2.1 and 2001:db8:45::1. The far end is 192.0.2.2 and .3, 2001:db8:45::2 \
            and ::3, and answers probes on port 4545. Nothing is left behind. Exit status is the command's.

              l45 lab run --change all:forward
              l45 lab run --delay 10ms --loss 1% --far 'iperf3 -s -1' -- iperf3 -c 192.0.2.2
            """)

    static let probePort: UInt16 = 4545

    @Option(
        help: ArgumentHelp(
            "Run by a shell at the far end meanwhile; waited for until it listens.", valueName: "command"))
    var far: String?
    @Option(help: ArgumentHelp("Of the link to the far end, in bytes.", valueName: "bytes"))
    var farMTU = 1500
    @Flag(help: "For the probe: ask for ECN, so that changes of it show.")
    var ecn = false
    @OptionGroup var options: BoxOptions
    @Argument(
        parsing: .postTerminator, help: ArgumentHelp("The program and its arguments, after --.", valueName: "command"))
    var command: [String] = []

    func validate() throws {
        guard (1280...1500).contains(farMTU) else { throw ValidationError("--far-mtu is 1280 to 1500.") }
    }

    func run() async throws {
        let rule = try options.rule()
        try await LabCommand.worded {
            let lab = try LabNetwork(farMTU: farMTU)
            let box = try lab.box.run {
                try WireBox(
                    between: LabNetwork.inside, and: LabNetwork.outside, rules: [rule], impairment: options.impairment,
                    seed: options.seed)
            }
            let stop = StopFlag()
            let ready = StopFlag()
            async let forwarding: Void = lab.box.runBlocking { try box.run(stop) }
            async let answering: Void = lab.far.runBlocking {
                let responder = try HiccupsResponder(ports: [Self.probePort])
                ready.set()
                try responder.run(stop)
            }
            let result: Result<Int32, any Error>
            do { result = .success(try await use(lab, ready)) } catch { result = .failure(error) }
            stop.set()
            try await forwarding
            try await answering
            let status = try result.get()
            Console.standard.complain(LabCommand.summary(box.counts))
            if status != 0 { throw CommandEnd.status(status) }
        }
    }

    private func use(_ lab: LabNetwork, _ ready: StopFlag) async throws -> Int32 {
        try await wait { ready.isSet }
        let before = lab.farListeners
        let far = try far.map { try LabProgram(["/bin/sh", "-c", $0], in: lab.far, isGroup: true) }
        defer { far?.end() }
        if far != nil { try await wait { lab.farListeners > before } }
        // Without a command: this program's own probe.
        let probe = ["/proc/self/exe", "probe", "\(LabNetwork.farAddress):\(Self.probePort)"] + (ecn ? ["--ecn"] : [])
        let program = try LabProgram(command.isEmpty ? probe : command, in: lab.near)
        let ending = LabCommand.onSignal { program.signal(SIGTERM) }
        defer { ending.cancel() }
        return try await lab.near.runBlocking { program.wait() }
    }

    /// What does not come about within five seconds, such as a far command that serves over UDP, is not waited for longer.
    private func wait(_ condition: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(5)
        while !condition(), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(20)) }
    }
}

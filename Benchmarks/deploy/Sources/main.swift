// The deploy benchmark: one orchestrator, N agents over real TLS connections.
//
//   deploy-bench                                 10 / 50 / 100 / 175 / 250 agents, one 600 KB artifact to each; then 10,000 agents
//   deploy-bench posture [N]                     a change of level on N agents, 250, against the same intents cold
//   deploy-bench rotation N...                   one rotation of N agents each, the median of three below 1,000
//   deploy-bench fleet SOCKET PORT COUNT FIRST   COUNT workstations for the orchestrator at SOCKET, enrolled by its tokens
//   deploy-bench reconnect [N]                   N agents, 10,000, come back at once after their orchestrator was killed
//   deploy-bench rogue [N]                       round trips of 100 honest agents while N rogues, 10,000, do their worst
//   deploy-bench agents ...                      the agents' process, started by the first ones
import ControlChannel
import Foundation
import L45Model

let arguments = Array(CommandLine.arguments.dropFirst())

if arguments.first == "agents", arguments.count == 3, let port = Int(arguments[1]), let count = Int(arguments[2]) {
    let pems = try CanonicalJSON.decode([String].self, from: FileHandle.standardInput.readDataToEndOfFile())
    raiseFileLimit()
    let authority = try CertificateAuthority(certificatePEM: pems[0], keyPEM: pems[1])
    try await SimulatedFleet(port: port, count: count, admission: .authority(authority)).run()
    exit(0)
}

if arguments.first == "fleet", arguments.count == 5, let port = Int(arguments[2]), let count = Int(arguments[3]),
    let first = Int(arguments[4])
{
    raiseFileLimit()
    try await SimulatedFleet(
        port: port, count: count, admission: .tokens(OperatorClient(path: arguments[1])), firstRole: "workstation",
        firstNumber: first
    ).run()
    exit(0)
}

if arguments.first == "rotation" {
    raiseFileLimit()
    for count in arguments.dropFirst().compactMap(Int.init) {
        let measurement = try Measurement(count: count)
        try await measurement.start()
        try await measurement.apply()
        try await measurement.settle()
        var rounds: [Double] = []
        for _ in 0..<(count < 1000 ? 3 : 1) { rounds.append(try await measurement.rotate()) }
        rounds.sort()
        await measurement.stop()
        report(
            "RESULT rotation_\(count)_s=\(rounds[rounds.count / 2].formatted(.number.precision(.fractionLength(3)))) s")
    }
    exit(0)
}

if arguments.first == "orchestrator", arguments.count == 4, let port = Int(arguments[2]), let count = Int(arguments[3])
{
    raiseFileLimit()
    try await Reconnect.orchestrate(folder: arguments[1], port: port, count: count)
    exit(0)
}

if arguments.first == "reconnect" {
    raiseFileLimit()
    try await Reconnect(count: arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000).run()
    exit(0)
}

if arguments.first == "rogues", arguments.count == 3, let port = Int(arguments[1]), let mute = Int(arguments[2]) {
    raiseFileLimit()
    try await RogueFleet(port: port, mute: mute).run()
    exit(0)
}

if arguments.first == "rogue" {
    raiseFileLimit()
    try await measureRogue(agents: 100, mute: arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000, rounds: 3)
    exit(0)
}

if arguments.first == "posture" {
    raiseFileLimit()
    try await measurePosture(agents: arguments.dropFirst().first.flatMap { Int($0) } ?? 250, rounds: 3)
    exit(0)
}

raiseFileLimit()
let sizes = arguments.isEmpty ? [10, 50, 100, 175, 250] : arguments.compactMap(Int.init).filter { $0 < 1000 }
let large = arguments.isEmpty ? 10_000 : arguments.compactMap(Int.init).first { $0 >= 1000 }

for size in sizes {
    var rounds: [Double] = []
    for _ in 0..<3 {
        let measurement = try Measurement(count: size)
        try await measurement.start()
        rounds.append(try await measurement.deploy(artifactBytes: 600 * 1024))
        await measurement.stop()
    }
    rounds.sort()
    report("RESULT deploy_\(size)_s=\(rounds[1].formatted(.number.precision(.fractionLength(3)))) s")
}

if let large {
    let before = Measurement.residentKiB()
    let measurement = try Measurement(count: large)
    try await measurement.start()
    try await measurement.apply()
    try await measurement.settle()
    report("RESULT agents_\(large)_kib_per_agent=\((Measurement.residentKiB() - before) / large) KiB")
    let rotation = try await measurement.rotate()
    report("RESULT agents_\(large)_rotation_s=\(rotation.formatted(.number.precision(.fractionLength(2)))) s")
    let processor = Measurement.processorSeconds()
    try await Task.sleep(for: .seconds(10))
    let idle = (Measurement.processorSeconds() - processor) / 10 * 100
    report("RESULT agents_\(large)_idle_cpu_percent=\(idle.formatted(.number.precision(.fractionLength(2)))) %")
    await measurement.stop()
}

/// One result, at once: standard output may be a pipe.
func report(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

func raiseFileLimit() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

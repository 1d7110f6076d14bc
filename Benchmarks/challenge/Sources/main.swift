import Foundation
import KernelTap
import L45Model
import Orchestrator

// The security check at full speed, the orchestrator's machine at one end and a real tap at the other.
//
//   check-bench preload KEEPER ROUNDS    the user-space tap, by its keeper process
//   check-bench kernel ROUNDS            the kernel tap of this namespace, as root

let arguments = Array(CommandLine.arguments.dropFirst())
let device = DeviceID("00112233445566778899aabbccddeeff")
let initKey = Secret((0..<32).map { _ in UInt8.random(in: .min ... .max) })
let plan = ModulePlan(
    id: ModuleID(UInt64.random(in: 1 ... .max)), intent: IntentName("bench"), flow: FlowName("bench/0"), epoch: .first,
    role: .client, tapSocket: TapSocket(transport: .udp, application: Application(process: "nobody")),
    dialect: .datagram(DatagramTag(place: .front, tagBytes: 32, label: "bench")),
    dialectSecret: Secret([UInt8](repeating: 7, count: 32)), initKey: initKey)

func run(_ tap: some Tap, rounds: Int, kind: String) throws {
    try tap.publish(
        DeviceTable(device: device, generation: Generation(1), modules: [ModuleEntry(plan: plan, state: .active)]))
    var check = SecurityCheck(
        ModuleCheck(device: device, module: plan.id, key: initKey), initKey: initKey, isUnsure: false, dueAt: .never)
    var random = SystemRandomNumberGenerator()
    var (verified, wrong) = (0, 0)
    let begin = ContinuousClock.now
    for round in 1...rounds {
        let challenge = try check.ask(number: UInt64(round), now: .now(), using: &random)
        let outcome: ModuleAnswer.Outcome
        do {
            let answer = try tap.answer(challenge.sealed, by: plan.id)
            outcome = .answered(answer.bytes, life: answer.life)
        } catch { outcome = .unable("\(error)") }
        let verdict = check.take(
            ModuleAnswer(module: plan.id, number: challenge.number, outcome: outcome), window: .zero,
            policy: CheckPolicy(silencesMax: .max), now: .now())
        if verdict == .verified { verified += 1 } else { wrong += 1 }
    }
    let took = ContinuousClock.now - begin
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) * 1e-18
    print("RESULT challenge_rounds_\(kind)=\(verified) rounds")
    print("RESULT challenge_wrong_\(kind)=\(wrong) rounds")
    print("RESULT challenge_us_\(kind)=\(Int(seconds * 1e6 / Double(rounds))) us")
    exit(wrong == 0 && verified == rounds ? 0 : 1)
}

switch (arguments.first, arguments.count) {
case ("preload", 3):
    let folder = FileManager.default.temporaryDirectory.appending(path: "l45-check-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try run(try PreloadTap(folder: folder, keeper: arguments[1]), rounds: Int(arguments[2]) ?? 10_000, kind: "preload")
case ("kernel", 2):
    try run(
        try NetlinkTap(locksFolder: FileManager.default.temporaryDirectory.path), rounds: Int(arguments[1]) ?? 10_000,
        kind: "kernel")
default:
    print("usage: check-bench preload KEEPER ROUNDS | check-bench kernel ROUNDS")
    exit(2)
}

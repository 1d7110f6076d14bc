import Foundation
import KernelTap
import L45Model
import Orchestrator

/// The security check at full speed, the orchestrator's machine at one end and a real tap at the other.
///
///   check-bench preload KEEPER ROUNDS    the user-space tap, by its keeper process
///   check-bench kernel ROUNDS            the kernel tap of this namespace, as root
@main
enum CheckBenchmark {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("preload", 3):
            let folder = FileManager.default.temporaryDirectory.appending(path: "l45-check-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try run(try PreloadTap(folder: folder, keeper: arguments[1]), rounds: arguments[2], kind: "preload")
        case ("kernel", 2):
            let locks = FileManager.default.temporaryDirectory.path
            try run(try NetlinkTap(locksFolder: locks), rounds: arguments[1], kind: "kernel")
        default: throw Unfit("usage: check-bench preload KEEPER ROUNDS | check-bench kernel ROUNDS")
        }
    }

    private static func run(_ tap: some Tap, rounds text: String, kind: String) throws {
        guard let rounds = Int(text), rounds > 0 else { throw Unfit("'\(text)' is no number of rounds") }
        let initKey = Secret((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        let plan = ModulePlan(
            id: ModuleID(UInt64.random(in: 1 ... .max)), intent: IntentName("bench"), flow: FlowName("bench/0"),
            epoch: .first, role: .client,
            tapSocket: TapSocket(transport: .udp, application: Application(process: "nobody")),
            dialect: .datagram(DatagramTag(place: .front, tagBytes: 32, label: "bench")),
            dialectSecret: Secret([UInt8](repeating: 7, count: 32)), initKey: initKey)
        let device = DeviceID("00112233445566778899aabbccddeeff")
        try tap.publish(
            DeviceTable(device: device, generation: Generation(1), modules: [ModuleEntry(plan: plan, state: .active)]))
        var check = SecurityCheck(
            ModuleCheck(device: device, module: plan.id, key: initKey), initKey: initKey, isUnsure: false,
            dueAt: .never)
        var random = SystemRandomNumberGenerator()
        var verified = 0
        let begin = ContinuousClock.now
        for round in 1...rounds {
            let challenge = try check.ask(number: UInt64(round), now: .now(), using: &random)
            let outcome: ModuleAnswer.Outcome
            do {
                let answer = try tap.answer(challenge.sealed, by: plan.id)
                outcome = .answered(answer.bytes, life: answer.life)
            } catch { outcome = .unable("\(error)") }
            let answer = ModuleAnswer(module: plan.id, number: challenge.number, outcome: outcome)
            let verdict = check.take(answer, window: .zero, policy: CheckPolicy(silencesMax: .max), now: .now())
            if verdict == .verified { verified += 1 }
        }
        let microseconds = (ContinuousClock.now - begin) / .microseconds(1) / Double(rounds)
        print("RESULT challenge_rounds_\(kind)=\(verified) rounds")
        print("RESULT challenge_wrong_\(kind)=\(rounds - verified) rounds")
        print("RESULT challenge_us_\(kind)=\(Int(microseconds)) us")
        guard verified == rounds else { throw Unfit("\(rounds - verified) of \(rounds) rounds were not verified") }
    }

    private struct Unfit: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }
}

import Foundation
import IntentCompiler
import L45Model
import Testing

@Suite("Any intent")
struct RoundTripTests {
    /// Another one each run, and the same again with `L45_SEED`.
    private static let seed =
        ProcessInfo.processInfo.environment["L45_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0...UInt64(Int64.max))
    private static let rounds = ProcessInfo.processInfo.environment["L45_ROUNDS"].flatMap { Int($0) } ?? 400

    @Test("Parsing what explain prints gives the same intent, to the last field")
    func identity() {
        var sound = 0
        for round in 0..<Self.rounds {
            var generator = IntentGenerator(seed: Self.seed &+ UInt64(round))
            let text = generator.intent(round)
            let result = IntentParser.parse(IntentSource(origin: "x", text: text))
            guard let first = result.intents.first else { continue }
            sound += 1
            let printed = explain(first)
            let again = IntentParser.parse(IntentSource(origin: "x", text: printed))
            guard let second = again.intents.first, again.intents.count == 1 else {
                Issue.record(
                    "L45_SEED=\(Self.seed), round \(round)\n\(text)\n\(printed)\n\(again.diagnostics.rendered())")
                continue
            }
            #expect(second.withoutPlaces == first.withoutPlaces, "L45_SEED=\(Self.seed), round \(round)\n\(text)")
            #expect(explain(second) == printed, "L45_SEED=\(Self.seed), round \(round)\n\(text)")
        }
        // A generator whose texts are refused tries nothing.
        #expect(sound * 10 > Self.rounds * 8, "L45_SEED=\(Self.seed): \(sound) of \(Self.rounds)")
    }

    @Test("Compiling is the same to the byte, in whatever order intents and devices come")
    func deterministic() throws {
        for round in 0..<(Self.rounds / 20) {
            var generator = IntentGenerator(seed: Self.seed &+ UInt64(round) &* 1_000_003)
            let texts = (0..<6).map { generator.intent($0) }
            let devices = ["a", "b", "c", "d"].map { value in
                Fleet.device(
                    value, ["role": value, "site": "a", "x.y/z": "b", "on": value],
                    ["10.0.0.\(value.utf8.first ?? 1)"])
            }
            let entries = texts.flatMap { IntentParser.parse(IntentSource(origin: "x", text: $0)).intents }
                .map { CompilerInput.Entry($0, epoch: .first) }
            var seen: Set<Digest> = []
            for turn in 0..<3 {
                let input = CompilerInput(
                    entries: turn == 0 ? entries : entries.shuffled(),
                    devices: turn == 0 ? devices : devices.shuffled(), rootSecret: Fleet.root)
                let made = IntentCompiler.compile(input)
                #expect(made.diagnostics == made.diagnostics.inReadingOrder())
                seen.insert(try Digest(ofValue: made.plans))
            }
            #expect(seen.count == 1, "L45_SEED=\(Self.seed), round \(round)\n\(texts.joined(separator: "---\n"))")
        }
    }
}

extension Intent {
    /// What it says, without where; whether a side was given counts, since a monitor watches only those.
    var withoutPlaces: Intent {
        let nowhere = SourcePlace(origin: "", line: 1, column: 1)
        var intent = self
        intent.document = ""
        intent.places.name = nowhere
        intent.places.clients = places.clients.map { _ in nowhere }
        intent.places.servers = places.servers.map { _ in nowhere }
        (intent.places.rotate, intent.places.deadline, intent.places.after) = (nil, nil, nil)
        intent.places.waves = []
        // What the last wave leaves is one more, written or not.
        if let steps = intent.rollout?.steps { intent.rollout?.waves = steps }
        for at in intent.tags.indices { intent.tags[at].place = nowhere }
        for at in intent.guards.indices { intent.guards[at].place = nowhere }
        if var posture = intent.posture {
            posture.place = nowhere
            posture.levelPlace = nowhere
            for at in posture.uses.indices { posture.uses[at].place = nowhere }
            // The long form names them by level.
            posture.uses.sort {
                ($0.span.lowerBound, $0.span.upperBound, $0.pattern) < (
                    $1.span.lowerBound, $1.span.upperBound, $1.pattern
                )
            }
            intent.posture = posture
        }
        return intent
    }
}

import Foundation
import IntentCompiler
import L45Model
import Testing

@Suite("Compiling a change")
struct IncrementalTests {
    @Test(
        "After any sequence of changes, what comes out is what a compilation from nothing makes, byte for byte",
        arguments: UInt64(1)...5)
    func changes(seed: UInt64) throws {
        let walk = try walk(try World(seed: seed), steps: 30)
        // Else it would prove little.
        #expect(walk.kept > 10)
        #expect(walk.refused > 0)
    }

    @Test(
        "So it does with chains and a posture, that come and go with the intents they are made of",
        arguments: UInt64(1)...6)
    func chainsAndPostures(seed: UInt64) throws {
        let walk = try walk(try World(seed: seed, ordered: true), steps: 60)
        #expect(walk.kept > 20)
        #expect(walk.refused > 0)
        #expect(walk.followedChains > 5, "\(walk)")
        #expect(walk.followedPostures > 5, "\(walk)")
    }

    private struct Walk {
        /// Intents that were not looked up again.
        var kept = 0
        /// Steps with something that is refused.
        var refused = 0
        /// Steps that were not compiled anew, with flows that are composed, and with a posture that keeps flows apart.
        var followedChains = 0
        var followedPostures = 0
    }

    private func walk(_ start: World, steps: Int) throws -> Walk {
        var world = start
        var compiler = IncrementalCompiler()
        var walk = Walk()
        for step in 0..<steps {
            if step > 0 { try world.change() }
            let input = world.input()
            let cold = IntentCompiler.compile(input)
            let warm = compiler.compile(input)
            #expect(warm == cold, "step \(step): \(world.last)")
            #expect(try CanonicalJSON.encode(warm.plans) == CanonicalJSON.encode(cold.plans))
            #expect(try CanonicalJSON.encode(warm.paths) == CanonicalJSON.encode(cold.paths))
            #expect(warm.diagnostics.rendered() == cold.diagnostics.rendered())
            walk.kept += input.entries.count - compiler.resolved
            if !cold.refused.isEmpty { walk.refused += 1 }
            guard compiler.resolved < input.entries.count else { continue }
            if cold.summaries.contains(where: { $0.flows.contains { !$0.stages.isEmpty } }) { walk.followedChains += 1 }
            let intents = input.entries.map(\.intent).sorted { $0.name < $1.name }
            if PostureCheck.resolve(intents).posture != nil { walk.followedPostures += 1 }
        }
        return walk
    }

    @Test("A rotation, and a label, are compiled for the intents that they concern, and for no other")
    func extent() throws {
        let texts = ["a", "b", "c"].map {
            "name: \($0)\nclients: {role: workstation}\nservers: {role: resolver}\nintent: tag p\($0) DNS\n"
        }
        var entries = try texts.flatMap { try intents($0) }.map { CompilerInput.Entry($0, epoch: .first) }
        entries += try intents("name: web\nclients: {role: web}\nservers: {role: resolver}\nintent: tag curl HTTP\n")
            .map { CompilerInput.Entry($0, epoch: .first) }
        var input = CompilerInput(entries: entries, devices: Fleet.all, rootSecret: Fleet.root)
        var compiler = IncrementalCompiler()
        _ = compiler.compile(input)
        #expect(compiler.resolved == 4)
        _ = compiler.compile(input)
        #expect(compiler.resolved == 0)
        input.entries[1].epoch = Epoch(2)
        _ = compiler.compile(input)
        #expect(compiler.resolved == 1)
        let at = try #require(input.devices.firstIndex { $0.id == Fleet.web.id })
        input.devices[at].facts.labels["rack"] = "4"
        let compilation = compiler.compile(input)
        #expect(compiler.resolved == 1)
        #expect(compilation == IntentCompiler.compile(input))
    }

    @Test("Beside a chain and a posture one intent is still one: whoever it has nothing to do with is not looked at")
    func extentOfChains() throws {
        func tag(_ name: String, _ items: String, after: String = "") throws -> CompilerInput.Entry {
            let text =
                "name: \(name)\n\(after)clients: {role: workstation}\nservers: {role: resolver}\nintent: \(items)\n"
            return CompilerInput.Entry(try intent(text), epoch: .first)
        }
        var input = CompilerInput(
            entries: [
                try tag("a", "tag pa DNS"), try tag("b", "tag pb DNS"),
                try tag("b-late", "[monitor pb DNS requests, delay 5ms]", after: "after: b\n"),
                try tag("c", "tag pc DNS"), try tag("c-strong", "tag pc DNS at end"),
                CompilerInput.Entry(
                    try intent("name: p\nintent: [threat level CPCON5, use c at CPCON5, use c-strong from CPCON4]\n"),
                    epoch: .first),
            ], devices: Fleet.all, rootSecret: Fleet.root)
        var compiler = IncrementalCompiler()
        _ = compiler.compile(input)
        #expect(compiler.resolved == 6)
        // The stage's edition: its head's modules are made anew with it, and looked up they are not.
        for at in [0, 2, 4, 5] {
            input.entries[at].epoch = Epoch(2)
            let compilation = compiler.compile(input)
            #expect(compiler.resolved == 1)
            #expect(compilation == IntentCompiler.compile(input))
            #expect(!compilation.diagnostics.hasErrors)
        }
        // Without its stage the head is as it was before there was one.
        input.entries.remove(at: 2)
        let alone = compiler.compile(input)
        #expect(compiler.resolved == 0)
        #expect(alone == IntentCompiler.compile(input))
        #expect(alone.modules(Fleet.desk).allSatisfy { $0.delayMicroseconds == 0 })
        // Two that a level has both would send on one socket.
        input.entries[4] = CompilerInput.Entry(
            try intent("name: p\nintent: [threat level CPCON5, use c from CPCON5, use c-strong from CPCON4]\n"),
            epoch: Epoch(2))
        let clash = compiler.compile(input)
        #expect(clash.refused == [IntentName("c"), IntentName("c-strong")])
        #expect(clash == IntentCompiler.compile(input))
    }
}

/// A fleet and its intents, which change step by step as operators and devices change them.
private struct World {
    private var random: SeededRandom
    private var devices: [Device] = []
    private var entries: [IntentName: CompilerInput.Entry] = [:]
    private var numbered = 0
    private var root = Fleet.root
    /// Intents come after others, and a posture says which are in force together.
    private let ordered: Bool
    /// What each intent that only tags was made of.
    private var tagging: [IntentName: (ends: String, subject: String)] = [:]
    /// What the last change was.
    private(set) var last = "nothing"

    private static let sites = ["hq", "lab", "dock"]
    private static let roles = ["workstation", "resolver", "web"]
    private static let ports = ["DNS", "NTP", "HTTP", "UDP on port 4000", "UDP on port 4001", "TCP on port 4002"]

    init(seed: UInt64, ordered: Bool = false) throws {
        random = SeededRandom(seed: seed)
        self.ordered = ordered
        for _ in 0..<24 { addDevice() }
        for _ in 0..<6 { try putIntent() }
        guard ordered else { return }
        try putStage()
        try putPosture()
    }

    /// In any order.
    mutating func input() -> CompilerInput {
        CompilerInput(
            entries: entries.values.shuffled(using: &random), devices: devices.shuffled(using: &random),
            rootSecret: root)
    }

    mutating func change() throws {
        if ordered, random.once(in: 3) {
            return try Bool.random(using: &random) ? putStage() : putPosture()
        }
        switch Int.random(in: 0..<20, using: &random) {
        case 0...3: try putIntent()
        case 4, 5: remove()
        case 6...10: rotate()
        case 11...14: relabel()
        case 15: move()
        case 16: addDevice()
        case 17: forgetDevice()
        case 18: retap()
        default: try nearlyNothing()
        }
    }

    private mutating func pick(_ all: [String]) -> String { all.randomElement(using: &random) ?? "" }

    private mutating func addDevice() {
        numbered += 1
        last = "device \(numbered) enrols"
        devices.append(
            Fleet.device(
                "host-\(numbered)", ["role": pick(Self.roles), "site": pick(Self.sites)], ["10.0.0.\(numbered)"]))
    }

    private mutating func forgetDevice() {
        guard devices.count > 1 else { return }
        last = "a device is forgotten"
        devices.remove(at: Int.random(in: devices.indices, using: &random))
    }

    private mutating func relabel() {
        let at = Int.random(in: devices.indices, using: &random)
        last = "\(devices[at].facts.name) gets another label"
        if Bool.random(using: &random) {
            devices[at].facts.labels["site"] = pick(Self.sites)
        } else {
            devices[at].facts.labels["role"] = pick(Self.roles)
        }
    }

    private mutating func move() {
        let at = Int.random(in: devices.indices, using: &random)
        last = "\(devices[at].facts.name) gets another address"
        numbered += 1
        devices[at].facts.addresses = [AddressBlock("10.0.1.\(numbered)")].compactMap { $0 }
    }

    private mutating func retap() {
        let at = Int.random(in: devices.indices, using: &random)
        last = "\(devices[at].facts.name) loses its tap, or gets one"
        devices[at].facts.taps = devices[at].facts.taps.isEmpty ? [.preload] : []
    }

    private mutating func remove() {
        guard let name = entries.keys.sorted().randomElement(using: &random) else { return }
        last = "\(name) is withdrawn"
        entries[name] = nil
        tagging[name] = nil
        dropStages(of: name)
    }

    /// Mostly with the intent that they come after: one that is left behind has all compiled anew.
    private mutating func dropStages(of name: IntentName) {
        guard ordered, !random.once(in: 4) else { return }
        var gone = [name]
        while let next = gone.popLast() {
            for entry in entries.values where entry.intent.after == next {
                entries[entry.intent.name] = nil
                gone.append(entry.intent.name)
            }
        }
    }

    private mutating func put(_ text: String, origin: String) throws {
        for intent in try intents(text, origin: origin) {
            let epoch = entries[intent.name]?.epoch.next ?? .first
            entries[intent.name] = CompilerInput.Entry(intent, epoch: epoch)
        }
    }

    /// A delay or a label behind a tag, or behind what stands behind one. Now and then it leads nowhere.
    private mutating func putStage() throws {
        let name = "s\(Int.random(in: 1...4, using: &random))"
        let heads = tagging.keys.sorted()
        guard let head = heads.randomElement(using: &random), let made = tagging[head] else { return }
        let others = entries.values.filter { $0.intent.after == head && $0.intent.name.rawValue != name }
        let after = others.map(\.intent.name.rawValue).sorted().last ?? head.rawValue
        last = "\(name) comes after \(after)"
        let items = Bool.random(using: &random) ? "delay \(Int.random(in: 1...9, using: &random))ms" : "label l"
        let target = random.once(in: 10) ? "nobody" : after
        try put(
            "name: \(name)\nafter: \(target)\n\(made.ends)intent: [monitor \(made.subject), \(items)]\n",
            origin: "\(name).yaml")
    }

    /// Now and then it is gone, or names somebody who never was.
    private mutating func putPosture() throws {
        let name = IntentName("posture")
        guard entries[name] == nil || !random.once(in: 8) else {
            last = "the posture is withdrawn"
            return entries[name] = nil
        }
        last = "the posture is applied"
        var uses: [String] = []
        for member in tagging.keys.sorted() where Bool.random(using: &random) {
            uses.append("use \(member) \(pick(["at low", "at mid", "from mid", "at high", "from low to mid"]))")
        }
        if random.once(in: 10) { uses.append("use nobody at low") }
        guard !uses.isEmpty else { return }
        let lines = ["levels low, mid, high", "threat level low"] + uses
        try put(
            "name: \(name)\nintent:\n" + lines.map { "  - \($0)\n" }.joined(), origin: "\(name).yaml")
    }

    private mutating func rotate() {
        guard let name = entries.keys.sorted().randomElement(using: &random) else { return }
        last = "\(name) is rotated"
        if let epoch = entries[name]?.epoch { entries[name]?.epoch = epoch.next }
    }

    private mutating func nearlyNothing() throws {
        guard random.once(in: 4) else { return last = "nothing" }
        last = "another root secret"
        root = Secret(root.bytes.reversed())
    }

    private mutating func putIntent() throws {
        let name = "i\(Int.random(in: 1...9, using: &random))"
        last = "\(name) is applied"
        let program = "p\(Int.random(in: 1...12, using: &random))"
        let subject = "\(program) \(pick(Self.ports))"
        // Now and then of nobody.
        let from = random.once(in: 12) ? "{role: printer}" : "{role: workstation, site: \(pick(Self.sites))}"
        let item =
            switch Int.random(in: 0..<12, using: &random) {
            case 0: "[tag \(subject), tag \(program)b NTP]"
            case 1: "monitor \(subject)"
            case 2: "tag any DNS"
            case 3: "guard paths"
            case 4: "guard paths to 10.0.0.0/24"
            case 5:
                "[{tag: {application: \(program), transport: udp, port: 4100, server: {addresses: [10.0.0.0/28]}}}]"
            case 6: "tag \(program) DNS responses"
            default: "tag \(subject)"
            }
        let ends = "clients: \(from)\nservers: {role: \(pick(["resolver", "web"]))}\n"
        dropStages(of: IntentName(name))
        tagging[IntentName(name)] = item == "tag \(subject)" ? (ends, subject) : nil
        try put("name: \(name)\n\(ends)intent: \(item)\n", origin: "\(name).yaml")
    }
}

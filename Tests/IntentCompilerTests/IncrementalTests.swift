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
        var world = try World(seed: seed)
        var compiler = IncrementalCompiler()
        var kept = 0
        var refused = 0
        for step in 0..<30 {
            if step > 0 { try world.change() }
            let input = world.input()
            let cold = IntentCompiler.compile(input)
            let warm = compiler.compile(input)
            #expect(warm == cold, "step \(step): \(world.last)")
            #expect(try CanonicalJSON.encode(warm.plans) == CanonicalJSON.encode(cold.plans))
            #expect(try CanonicalJSON.encode(warm.paths) == CanonicalJSON.encode(cold.paths))
            #expect(warm.diagnostics.rendered() == cold.diagnostics.rendered())
            kept += input.entries.count - compiler.resolved
            if !cold.refused.isEmpty { refused += 1 }
        }
        // Else it would prove little.
        #expect(kept > 10)
        #expect(refused > 0)
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
}

/// A fleet and its intents, which change step by step as operators and devices change them.
private struct World {
    private var random: SeededRandom
    private var devices: [Device] = []
    private var entries: [IntentName: CompilerInput.Entry] = [:]
    private var numbered = 0
    private var root = Fleet.root
    /// What the last change was.
    private(set) var last = "nothing"

    private static let sites = ["hq", "lab", "dock"]
    private static let roles = ["workstation", "resolver", "web"]
    private static let ports = ["DNS", "NTP", "HTTP", "UDP on port 4000", "UDP on port 4001", "TCP on port 4002"]

    init(seed: UInt64) throws {
        random = SeededRandom(seed: seed)
        for _ in 0..<24 { addDevice() }
        for _ in 0..<6 { try putIntent() }
    }

    /// In any order.
    mutating func input() -> CompilerInput {
        CompilerInput(
            entries: entries.values.shuffled(using: &random), devices: devices.shuffled(using: &random),
            rootSecret: root)
    }

    mutating func change() throws {
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
        let text = "name: \(name)\nclients: \(from)\nservers: {role: \(pick(["resolver", "web"]))}\nintent: \(item)\n"
        for intent in try intents(text, origin: "\(name).yaml") {
            let epoch = entries[intent.name]?.epoch.next ?? .first
            entries[intent.name] = CompilerInput.Entry(intent, epoch: epoch)
        }
    }
}

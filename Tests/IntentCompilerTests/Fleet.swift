import Foundation
import IntentCompiler
import L45Model
import Testing

/// A small fleet that most stories are told of.
enum Fleet {
    static let root = Secret((0..<32).map { UInt8($0) })

    static func device(_ name: String, _ labels: [String: String], _ addresses: [String], taps: [TapKind] = [.preload])
        -> Device
    {
        Device(
            id: DeviceID(String(Digest(of: Data(name.utf8)).hex.prefix(32))),
            facts: DeviceFacts(
                name: name, labels: labels, addresses: addresses.compactMap { AddressBlock($0) }, taps: taps))
    }

    static let desk = device("desk", ["role": "workstation", "site": "hq"], ["10.0.0.11"])
    static let laptop = device("laptop", ["role": "workstation", "site": "lab"], ["10.0.0.12", "2001:db8::12"])
    static let dns = device("dns", ["role": "resolver", "site": "hq"], ["10.0.0.53", "2001:db8::53"])
    static let web = device("web", ["role": "web", "site": "hq"], ["10.0.0.80"])
    static let all = [desk, laptop, dns, web]
}

/// Parses a text that must be without mistakes.
func intents(_ text: String, origin: String = "test.yaml") throws -> [Intent] {
    let result = IntentParser.parse(IntentSource(origin: origin, text: text))
    if result.diagnostics.hasErrors { throw Mistakes(text: result.diagnostics.rendered()) }
    return result.intents
}

func intent(_ text: String) throws -> Intent { try #require(try intents(text).first) }

/// What an operator sees.
func rendered(_ text: String, origin: String = "dns.yaml") -> String {
    IntentParser.parse(IntentSource(origin: origin, text: text)).diagnostics.rendered()
}

/// One phrase in an intent that is otherwise fine; its column in the file is 5.
func phrase(_ phrase: String) -> String { "name: x\nintent:\n  - \(phrase)\n" }

func tag(_ text: String) throws -> TagIntent { try #require(try intent(phrase(text)).tags.first) }

func compile(_ texts: [String], _ devices: [Device] = Fleet.all, epoch: Epoch = .first) throws -> Compilation {
    let all = try texts.enumerated().flatMap { try intents($0.element, origin: "\($0.offset).yaml") }
    return IntentCompiler.compile(
        CompilerInput(
            entries: all.map { CompilerInput.Entry($0, epoch: epoch) }, devices: devices, rootSecret: Fleet.root))
}

func compile(_ text: String, _ devices: [Device] = Fleet.all, epoch: Epoch = .first) throws -> Compilation {
    try compile([text], devices, epoch: epoch)
}

extension Compilation {
    func modules(_ device: Device) -> [ModulePlan] { plans.first { $0.device == device.id }?.modules ?? [] }
    func paths(_ device: Device) -> [PathPlan] { paths.first { $0.device == device.id }?.paths ?? [] }
    func answers(_ device: Device) -> [PathAnswer] { paths.first { $0.device == device.id }?.answers ?? [] }
}

struct Mistakes: Error, CustomStringConvertible {
    var text: String
    var description: String { text }
}

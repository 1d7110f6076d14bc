import Foundation
import L45Model

@testable import Inventory

/// A folder of its own for one test, gone with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("\(NSTemporaryDirectory())/l45-cib.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var cib: String { path + "/cib" }
    func file(_ name: String) -> String { "\(cib)/\(name)" }

    /// All bytes of the database and its log.
    func databaseBytes() throws -> Data {
        var bytes = Data()
        for name in ["cib.sqlite", "cib.sqlite-wal"] where FileManager.default.fileExists(atPath: file(name)) {
            bytes.append(try Data(contentsOf: URL(fileURLWithPath: file(name))))
        }
        return bytes
    }
}

let noon = Timestamp(1_750_000_000_000)

func deviceID(_ number: Int) -> DeviceID {
    DeviceID(String(Digest(of: Data("device \(number)".utf8)).hex.prefix(32)))
}

func device(_ number: Int, labels: [String: String] = ["role": "client"]) -> Device {
    Device(
        id: deviceID(number),
        facts: DeviceFacts(
            name: "host-\(number)", labels: labels, addresses: [AddressBlock("10.0.0.1")].compactMap { $0 },
            kernelRelease: "6.1.0", agentVersion: "0.1"))
}

/// 32 bytes that differ with each `seed`.
func secret(_ seed: String) -> Secret { Secret(Hex.bytes(Digest(of: Data(seed.utf8)).hex) ?? []) }

func module(_ number: Int, on device: Int, epoch: Int = 1, priority: Int = 100) -> ModulePlan {
    let id = UInt64(device) << 32 | UInt64(number) << 16 | UInt64(epoch)
    return ModulePlan(
        id: ModuleID(id), intent: IntentName("dns"), flow: FlowName("dns/\(number)"), epoch: Epoch(UInt32(epoch)),
        role: .client,
        tapSocket: TapSocket(
            transport: .udp, application: Application(process: "dig"),
            remotes: [EndpointPattern(block: AddressBlock("10.0.0.53"), port: 53)]),
        dialect: .datagram(DatagramTag(place: .front, label: "dns")),
        dialectSecret: secret("dialect \(number) \(epoch)"), initKey: secret("init \(id)"), priority: priority)
}

func plan(_ device: Int, modules: Int = 1, epoch: Int = 1) -> DevicePlan {
    DevicePlan(device: deviceID(device), modules: (0..<modules).map { module($0, on: device, epoch: epoch) })
}

func table(
    _ device: Int, _ generation: UInt64, _ modules: [ModulePlan], _ state: ModuleState = .standby
) -> DeviceTable {
    DeviceTable(
        device: deviceID(device), generation: Generation(generation),
        modules: modules.map { ModuleEntry(plan: $0, state: state, enforcing: state == .active) })
}

func intent(_ name: String = "dns", revision: UInt64 = 1, epoch: UInt32 = 1, source: String = "tag dig DNS\n")
    -> IntentRecord
{
    IntentRecord(
        name: IntentName(name), revision: Generation(revision), source: source, origin: "dns.yaml",
        epoch: Epoch(epoch), epochMax: Epoch(epoch), epochSince: noon)
}

func report(_ device: Int, generation: UInt64 = 1, modules: Int = 1) -> DeviceReport {
    DeviceReport(
        device: deviceID(device), takenAt: noon, bootID: "0b8e5a5e-0000-4000-8000-0123456789ab", tap: .preload,
        generation: Generation(generation), tableDigest: Digest(of: Data("table".utf8)),
        modules: (0..<modules).map { number in
            var statistics = ModuleStatistics()
            statistics.messagesSent = UInt64(number) * 7919
            statistics.bytesSent = UInt64(number) * 1_234_567
            return ModuleReport(
                id: module(number, on: device).id, state: .active, sockets: 3, activeAt: noon, sentAt: noon,
                receivedAt: noon, statistics: statistics,
                filledIn: ["udp 10.0.0.5:41234 > 10.0.0.53:53 (dig/isc-net-0000)"])
        }, processes: 2)
}

func event(_ number: Int, subject: String = "intent/dns") -> Event {
    Event(at: noon, subject: subject, message: "module installed", facts: ["number": "\(number)"])
}

import Foundation
import KernelTap
import L45Model

/// Tables for the probe. Their modules are for its own sockets.
enum Tables {
    static let process = "kernel-tap-prob"

    static func entry(
        _ id: UInt64, state: ModuleState = .active, process: String = process, port: UInt16 = 5300,
        remotes: [String] = ["127.0.0.1"], label: String = "probe"
    ) -> ModuleEntry {
        ModuleEntry(
            plan: ModulePlan(
                id: ModuleID(id), intent: IntentName("probe"), flow: FlowName("probe/\(id)"), epoch: .first,
                role: .client, directions: .init(request: true, response: false),
                tapSocket: TapSocket(
                    transport: .udp, application: Application(process: process),
                    remotes: remotes.map { EndpointPattern(block: AddressBlock($0), port: port) }),
                dialect: .datagram(DatagramTag(place: .front, tagBytes: 32, label: label)),
                dialectSecret: Secret([UInt8](repeating: 7, count: 32)),
                initKey: Secret([UInt8](repeating: 9, count: 32))),
            state: state)
    }

    static func table(_ generation: UInt64, _ entries: [ModuleEntry]) -> DeviceTable {
        DeviceTable(
            device: DeviceID("00112233445566778899aabbccddeeff"), generation: Generation(generation), modules: entries)
    }

    /// As many modules and remotes as the tap holds.
    static func largest(_ generation: UInt64) -> DeviceTable {
        let remotes = (0..<64).map { "10.0.\($0).0/24" }
        return table(generation, (1...1024).map { entry(UInt64($0), remotes: remotes) })
    }
}

import Agent
import Foundation
import L45Model
import Testing

@Suite("What the host says of itself")
struct HostFactsTests {
    @Test("Name, kernel, boot and tap are the host's; what the operator gives wins")
    func gathers() {
        var configuration = AgentConfiguration(
            stateFolder: "/s", host: "nco", port: 1, labels: ["site": "lab"], version: "1.2")
        let facts = HostFacts.gather(configuration, tap: .preload)
        #expect(facts.name == ProcessInfo.processInfo.hostName || facts.name == HostFacts.hostName())
        #expect(!facts.name.isEmpty)
        #expect(facts.labels == ["site": "lab"])
        #expect(facts.taps == [.preload])
        #expect(facts.agentVersion == "1.2")
        let release = try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
        #expect(facts.kernelRelease + "\n" == release)
        #expect(HostFacts.bootID().count == 36)

        configuration.name = "edge-1"
        configuration.addresses = [AddressBlock("127.0.0.2")].compactMap { $0 }
        let given = HostFacts.gather(configuration, tap: .preload)
        #expect(given.name == "edge-1")
        #expect(given.addresses == configuration.addresses)
    }

    @Test("Addresses are whole ones that a peer could use, each once")
    func addresses() {
        let addresses = HostFacts.interfaceAddresses()
        #expect(Set(addresses).count == addresses.count)
        #expect(addresses.allSatisfy { $0.prefixBits == 128 })
        #expect(!addresses.contains { $0.description == "127.0.0.1" || $0.description == "::1" })
    }
}

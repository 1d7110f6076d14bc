import Foundation
import Testing

@testable import L45Command

@Suite("l45 check: what a machine lacks, and the way out")
struct MachineCheckTests {
    private static let fit = MachineFacts(
        kernelRelease: "6.12.0-25-amd64", capabilities: 0x1ff_ffff_ffff, userID: 0,
        libraries: ["/usr/lib/l45/libl45tap.so": true], kernelModule: false, nft: "/usr/sbin/nft",
        clockSynchronized: true,
        stateFolder: MachineFacts.Folder(path: "/var/lib/l45/agent", isWritable: true, freeBytes: 5 << 30),
        filesMax: 65_536, port: nil)

    private func line(
        _ subject: String, _ part: MachineCheck.Part = .agent, _ change: (inout MachineFacts) -> Void
    ) -> CheckLine? {
        var facts = Self.fit
        change(&facts)
        return MachineCheck.lines(part, facts).first { $0.subject == subject }
    }

    @Test("A machine that has everything is well in every line")
    func well() {
        for part in MachineCheck.Part.allCases {
            #expect(MachineCheck.lines(part, Self.fit).allSatisfy { $0.verdict == .well && $0.wayOut == nil })
        }
    }

    @Test("Without a tap an agent is unfit; with the module, only who may speak to it is fit")
    func tap() {
        let none = line("tap") { $0.libraries = ["/usr/lib/l45/libl45tap.so": false] }
        #expect(none?.verdict == .unfit)
        #expect(none?.found == "neither l45.ko is loaded nor the library there: /usr/lib/l45/libl45tap.so")
        let module = line("tap") {
            $0.kernelModule = true
            $0.capabilities = 0
        }
        #expect(module?.verdict == .unfit)
        #expect(module?.wayOut?.contains("CAP_NET_ADMIN") == true)
        #expect(line("tap") { $0.kernelModule = true }?.found == "l45.ko is loaded")
    }

    @Test("What only some of l45 needs is a warning that says of what")
    func warnings() {
        let user = line("capabilities") { $0.capabilities = 0 }
        #expect(user?.verdict == .warning)
        #expect(user?.found == "no CAP_NET_ADMIN, CAP_NET_RAW: dialects work, probing and guarding paths not")
        #expect(line("nftables") { $0.nft = nil }?.verdict == .warning)
        #expect(line("kernel") { $0.kernelRelease = "4.19.0" }?.verdict == .warning)
        #expect(line("clock") { $0.clockSynchronized = false }?.verdict == .warning)
        let files = line("open files", .nco) { $0.filesMax = 1024 }
        #expect(files?.found == "1024: enough for 896 devices")
        #expect(files?.wayOut == "one a device: ulimit -n 65536, or LimitNOFILE=65536 in its unit")
    }

    @Test("A folder that cannot be written and a port that is taken make unfit")
    func places() {
        #expect(line("state folder") { $0.stateFolder.isWritable = false }?.verdict == .unfit)
        #expect(line("state folder", .nco) { $0.stateFolder.freeBytes = 10 << 20 }?.verdict == .warning)
        let taken = line("port", .nco) {
            $0.port = MachineFacts.Reach(place: "0.0.0.0:7450", obstacle: "Address already in use")
        }
        #expect(taken?.found == "0.0.0.0:7450: Address already in use")
        #expect(taken?.verdict == .unfit)
    }

    @Test("As it is run: a taken port is found, with the way out below it, and the status is 1")
    func run() async throws {
        let outcome = try await Binary.run(
            ["check", "agent", "--orchestrator", "127.0.0.1:1", "--state", "/tmp/l45-check"],
            environment: ["L45_TAP_LIBRARY": Binary.anyLibrary])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("unfit  orchestrator  127.0.0.1:1: Connection refused\n"))
        #expect(outcome.output.contains("start 'l45 nco' there, and let TCP to that port through"))
        let fit = try await Binary.run(
            [
                "check", "nco", "--listen", "127.0.0.1:0", "--state", "/tmp/l45-check", "-o",
                "jsonpath={[?(@.subject==\"port\")].found}",
            ])
        #expect(fit.status == 0)
        #expect(fit.output == "127.0.0.1:0 is free\n")
    }
}

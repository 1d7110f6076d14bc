import Foundation
import HiccupsGuard
import L45Model
import Testing

@Suite("Gates in force on a real kernel", .enabled(if: GateLab.isPossible), .serialized)
struct GateKeeperTests {
    private let until = Timestamp.now() + .seconds(600)

    private func block(_ text: String) throws -> AddressBlock { try #require(AddressBlock(text)) }

    private func gate(_ subject: PathExtension, _ end: PathEnd) -> PathGate {
        PathGate(subject, at: end, mssBytes: subject == .mss ? 1220 : nil)
    }

    private func offered(
        _ lab: GateLab, _ subject: PathExtension, _ pairs: [String] = [GateLab.gatedPair, GateLab.controlPair]
    ) throws -> (gated: [GateLab.Seen], control: [GateLab.Seen]) {
        let seen = try lab.handshakes(pairs).filter { subject != .mptcp || !$0.fastOpen }
            .filter { subject != .tfo || $0.fastOpen }
        let control = seen.filter { $0.source == "10.78.0.1" || $0.destination == "10.78.0.1" }
        let gated = seen.filter { $0.source == "10.77.0.1" || $0.destination == "10.77.0.1" }
        try #require(gated.contains { $0.isAnswer } && control.contains { $0.isAnswer })
        try #require(gated.contains { !$0.isAnswer } && control.contains { !$0.isAnswer })
        return (gated, control)
    }

    @Test(
        "Gated where connections are opened, neither SYN nor answer has the extension; the control has it in both",
        arguments: PathExtension.allCases)
    func opening(_ subject: PathExtension) throws {
        let lab = try GateLab()
        let keeper = GateKeeper(runner: lab.runner(lab.client))
        let before = try offered(lab, subject)
        #expect(before.gated.allSatisfy { $0.offers(subject) })
        let destination = try block("10.77.0.0/24")
        try keeper.apply(
            [HeldGate(gate(subject, .opening), for: destination, until: until)], now: .now(),
            forgetting: subject == .tfo ? [destination] : [])
        let after = try offered(lab, subject)
        // What the far end offers by itself, such as its MSS, is bounded only as it arrives.
        #expect(after.gated.filter { !$0.isAnswer || subject != .mss }.allSatisfy { !$0.offers(subject) })
        // To a SYN that brings a cookie, as the second one does, the answer has none (RFC 7413, 4.1.2).
        #expect(after.control.filter { !$0.isAnswer || subject != .tfo }.allSatisfy { $0.offers(subject) })
        try keeper.removeAll()
        #expect(try offered(lab, subject).gated.filter { !$0.isAnswer }.allSatisfy { $0.offers(subject) })
    }

    @Test(
        "Gated where connections are accepted, the answer lacks the extension though the SYN brought it; not so at the host's other address, for the same client",
        arguments: PathExtension.allCases)
    func accepting(_ subject: PathExtension) throws {
        let lab = try GateLab()
        let keeper = GateKeeper(runner: lab.runner(lab.server))
        try keeper.apply(
            [
                HeldGate(
                    gate(subject, .accepting), for: try block("10.73.0.0/24"), at: try block("10.77.0.1"), until: until)
            ], now: .now())
        let after = try offered(lab, subject, [GateLab.gatedPair, GateLab.controlPair, GateLab.crossedPair])
        #expect(after.control.contains { $0.source == "10.73.0.1" })
        #expect(after.gated.filter { !$0.isAnswer }.allSatisfy { $0.offers(subject) })
        #expect(after.gated.filter(\.isAnswer).allSatisfy { !$0.offers(subject) })
        #expect(after.control.allSatisfy { $0.offers(subject) })
    }

    @Test("Where no address is named, a gate at the accepting end is for all of the host's")
    func acceptingAnywhere() throws {
        let lab = try GateLab()
        let keeper = GateKeeper(runner: lab.runner(lab.server))
        try keeper.apply(
            [HeldGate(gate(.sack, .accepting), for: try block("10.73.0.0/24"), until: until)], now: .now())
        let seen = try lab.handshakes([GateLab.gatedPair, GateLab.controlPair, GateLab.crossedPair]).filter(\.isAnswer)
        #expect(seen.filter { $0.destination == "10.73.0.1" }.allSatisfy { !$0.offers(.sack) })
        #expect(seen.filter { $0.destination == "10.74.0.1" }.allSatisfy { $0.offers(.sack) })
        #expect(Set(seen.map { "\($0.destination):\($0.source)" }).count == 3)
    }

    @Test("A host knows which blocks it has an address in")
    func ownAddresses() throws {
        let lab = try GateLab()
        let blocks = try ["10.77.0.0/24", "10.77.0.1", "10.77.0.2", "10.99.0.0/24", "::1", "2001:db8::/32"].map {
            try block($0)
        }
        #expect(
            GateKeeper(runner: lab.runner(lab.server)).own(Set(blocks))
                == Set(try ["10.77.0.0/24", "10.77.0.1", "::1"].map { try block($0) }))
        #expect(GateKeeper(runner: ["/nonexistent/tool"]).own(Set(blocks)).isEmpty)
    }

    @Test("All gates for both families in one transaction; taken away, the host is as it was before")
    func noTrace() throws {
        let lab = try GateLab()
        let keeper = GateKeeper(runner: lab.runner(lab.client))
        try lab.nft(lab.client, "table inet other {\n chain c {\n }\n}\n")
        let before = try lab.traces(lab.client)
        var gates: [HeldGate] = []
        for subject in PathExtension.allCases {
            for end in PathEnd.allCases {
                for destination in ["10.77.0.0/24", "2001:db8::/32"] {
                    gates.append(HeldGate(gate(subject, end), for: try block(destination), until: until))
                    guard end == .accepting else { continue }
                    for local in destination.contains(":")
                        ? ["2001:db8:1::1", "2001:db8:1::/48"] : ["10.73.0.1", "10.0.0.0/8"]
                    {
                        gates.append(
                            HeldGate(
                                gate(subject, end), for: try block(destination), at: try block(local), until: until))
                    }
                }
            }
        }
        // What another run left behind is replaced, whatever it was.
        try lab.nft(lab.client, "table inet l45_guard {\n set old { type ipv4_addr; }\n chain old {\n }\n}\n")
        try keeper.apply(gates, now: .now())
        #expect(try keeper.askECN([try block("10.77.0.0/24")]) == [])
        let during = try lab.traces(lab.client)
        #expect(during.contains("features ecn") && during.contains("opening_mss_1220_6"))
        #expect(during.contains("accepting_sack4_at_10_0_0_0p8") && during.contains("ip6 daddr 2001:db8:1::1"))
        #expect(!during.contains("chain old"))
        try keeper.apply(gates, now: .now())
        try keeper.removeAll()
        #expect(try lab.traces(lab.client) == before)
        try keeper.removeAll()
        #expect(try lab.traces(lab.client) == before)
    }

    @Test("A gate that nobody renews ends by itself")
    func expiry() throws {
        let lab = try GateLab()
        let keeper = GateKeeper(runner: lab.runner(lab.client))
        let end = Timestamp.now() + .milliseconds(1500)
        try keeper.apply([HeldGate(gate(.sack, .opening), for: try block("10.77.0.0/24"), until: end)], now: .now())
        #expect(try offered(lab, .sack).gated.filter { !$0.isAnswer }.allSatisfy { !$0.offers(.sack) })
        var tries = 0
        while try !offered(lab, .sack).gated.allSatisfy({ $0.offers(.sack) }) {
            tries += 1
            try #require(tries < 100)
        }
    }

    @Test("ECN is asked for on the route to a proven destination, and towards no other")
    func askedECN() throws {
        let lab = try GateLab()
        // Answers ECN, does not ask for it.
        try lab.set(lab.client, "net.ipv4.tcp_ecn", 2)
        #expect(try offered(lab, .ecn).gated.allSatisfy { !$0.offers(.ecn) })
        let keeper = GateKeeper(runner: lab.runner(lab.client))
        #expect(try keeper.askECN([try block("10.77.0.0/24")]) == [])
        let after = try offered(lab, .ecn)
        #expect(after.gated.allSatisfy { $0.offers(.ecn) })
        #expect(after.control.allSatisfy { !$0.offers(.ecn) })
    }

    @Test("50,000 destinations are in force at once")
    func manyDestinations() throws {
        let lab = try GateLab()
        let keeper = GateKeeper(runner: lab.runner(lab.client))
        let gates = try (0..<50_000).map { index in
            HeldGate(
                gate(.sack, .opening), for: try block("11.\(index / 65_536).\(index / 256 % 256).\(index % 256)"),
                until: until)
        }
        try keeper.apply(
            gates + [HeldGate(gate(.sack, .opening), for: try block("10.77.0.0/24"), until: until)], now: .now())
        let after = try offered(lab, .sack)
        #expect(after.gated.filter { !$0.isAnswer }.allSatisfy { !$0.offers(.sack) })
        #expect(after.control.allSatisfy { $0.offers(.sack) })
    }

    @Test("A tool that is not there, and rules that the kernel refuses, are told apart, and nothing changes")
    func failures() throws {
        let lab = try GateLab()
        let gates = [HeldGate(gate(.sack, .opening), for: try block("10.77.0.0/24"), until: until)]
        #expect(throws: GateError.self) {
            try GateKeeper(runner: ["/nonexistent/tool"]).apply(gates, now: .now())
        }
        let keeper = GateKeeper(runner: lab.runner(lab.client))
        try keeper.apply(gates, now: .now())
        let before = try lab.traces(lab.client).replacing(/expires [0-9a-z]+/, with: "")
        // Without privileges in this namespace.
        let error = #expect(throws: GateError.self) {
            try GateKeeper(
                runner: lab.runner(lab.client) + ["setpriv", "--bounding-set=-all", "--reuid=65534", "--clear-groups"]
            )
            .apply([], now: .now())
        }
        if case .notPermitted? = error {} else { Issue.record("\(String(describing: error))") }
        #expect(try lab.traces(lab.client).replacing(/expires [0-9a-z]+/, with: "") == before)
    }
}

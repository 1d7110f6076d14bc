import HiccupsGuard
import L45Model
import Testing

@Suite("The rules as text")
struct GateRulesetTests {
    private let now = Timestamp(1_000_000)

    private func block(_ text: String) throws -> AddressBlock { try #require(AddressBlock(text)) }

    @Test("Without a gate nothing of ours is left: the text only removes")
    func nothing() throws {
        #expect(GateRuleset.text([], now: now) == GateRuleset.removal)
        let over = HeldGate(PathGate(.sack, at: .opening), for: try block("10.0.0.0/8"), until: now)
        #expect(GateRuleset.text([over], now: now) == GateRuleset.removal)
    }

    @Test("A block within another of one set goes, and the wider one lasts as long as either")
    func overlaps() throws {
        let gate = PathGate(.sack, at: .opening)
        let text = GateRuleset.text(
            [
                HeldGate(gate, for: try block("10.1.2.0/24"), until: now + .seconds(60)),
                HeldGate(gate, for: try block("10.0.0.0/8"), until: now + .seconds(5)),
                HeldGate(gate, for: try block("10.200.0.1"), until: now + .seconds(7)),
                HeldGate(gate, for: try block("11.0.0.1"), until: now + .seconds(9)),
                HeldGate(gate, for: try block("10.1.2.3"), until: now + .seconds(1)),
            ], now: now)
        #expect(text.contains("elements = { 10.0.0.0/8 timeout 60000ms, 11.0.0.1 timeout 9000ms }"))
    }

    @Test("The same gates in another order give the same text")
    func deterministic() throws {
        var gates: [HeldGate] = []
        for subject in PathExtension.allCases {
            for end in PathEnd.allCases {
                for destination in ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"] {
                    let size = subject == .mss ? 1220 : nil
                    gates.append(
                        HeldGate(
                            PathGate(subject, at: end, mssBytes: size), for: try block(destination),
                            until: now + .seconds(60)))
                }
            }
        }
        let text = GateRuleset.text(gates, now: now)
        for _ in 0..<10 { #expect(GateRuleset.text(gates.shuffled(), now: now) == text) }
    }

    @Test("A gate for one of our addresses names both ends, and no two sets have one name")
    func local() throws {
        let peer = try block("192.0.2.1")
        let text = GateRuleset.text(
            [
                HeldGate(
                    PathGate(.sack, at: .accepting), for: peer, at: try block("192.0.2.2"), until: now + .seconds(1))
            ],
            now: now)
        #expect(
            text.contains(
                "(syn | ack) ip daddr @accepting_sack4_at_192_0_2_2 ip saddr 192.0.2.2 reset tcp option sack-perm"))
        #expect(text.contains("== syn ip saddr @accepting_sack4_at_192_0_2_2 ip daddr 192.0.2.2 reset"))
        let places = [
            "fd00::1:64", "fd00::1/128", "fd00::/64", "fd00::64", "fd00:0:0:1::/64", "fd00:64::", "::fd00:64",
        ]
        let blocks = try places.map { try block($0) }
        let many = GateRuleset.text(
            try blocks.map { local in
                HeldGate(
                    PathGate(.sack, at: .accepting), for: try block("fd01::1"), at: local, until: now + .seconds(1))
            }, now: now)
        #expect(Set(many.matches(of: /\tset (\S+)\s/).map { String($0.1) }).count == places.count)
    }

    @Test("Our routes are copies of what the kernel says, marked as ours; without a route there is none")
    func routes() throws {
        let answer = """
            [{"dst":"10.8.1.1","gateway":"10.9.0.2","dev":"v0","prefsrc":"10.9.0.1","flags":[],"uid":0,"cache":[]}]
            """
        #expect(
            GateRoutes.addition(try block("10.8.0.0/16"), answer: answer)?.joined(separator: " ")
                == "-4 route prepend 10.8.0.0/16 via 10.9.0.2 dev v0 src 10.9.0.1 proto 245 features ecn")
        #expect(GateRoutes.addition(try block("10.8.0.0/16"), answer: "") == nil)
        let local = "[{\"type\":\"local\",\"dst\":\"127.0.0.1\",\"dev\":\"lo\"}]"
        #expect(GateRoutes.addition(try block("127.0.0.1"), answer: local) == nil)
    }
}

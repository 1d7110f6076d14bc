import Foundation
import IntentCompiler
import L45Model
import Testing

@Suite("What is proved of a plan")
struct PlanProofTests {
    private static let ends = "clients: {role: workstation}\nservers: {role: resolver}\n"

    private func prove(
        _ texts: [String], devices: [Device] = Fleet.all, touched: Set<IntentName>? = nil, mtuBytes: Int = 1500,
        pairsMax: Int = PlanProofs.pairsMax, change: (inout Compilation) -> Void = { _ in }
    ) throws -> [PlanProof] {
        let all = try texts.enumerated().flatMap { try intents($0.element, origin: "\($0.offset).yaml") }
        let input = CompilerInput(
            entries: all.map { CompilerInput.Entry($0, epoch: Epoch(3)) }, devices: devices, rootSecret: Fleet.root)
        var compilation = IntentCompiler.compile(input)
        #expect(!compilation.diagnostics.hasErrors, "\(compilation.diagnostics.rendered())")
        change(&compilation)
        return PlanProofs.prove(
            compilation, of: input, touched: touched ?? Set(all.map(\.name)),
            posture: PostureCheck.resolve(all.sorted { $0.name < $1.name }).posture,
            editions: [FlowName("x/0"): [Epoch(2): .datagram(DatagramTag(place: .front))]], mtuBytes: mtuBytes,
            pairsMax: pairsMax)
    }

    @Test(
        "Every kind of dialect comes back from the engine byte for byte, at every boundary length",
        arguments: [
            "tag dig DNS at front", "tag dig DNS at offset 12 with 12 bytes", "tag dig DNS at end label dns-app",
            "tag dig DNS requests with 64 bytes", "tag dig UDP on port 9 at offset 1400",
            "tag curl HTTP", "tag curl HTTP every 16 bytes with 12 bytes",
            "tag curl HTTP every 1048576 bytes responses", "tag curl TLS after handshake", "tag dig DNS masked",
            "tag dig DNS compressed with 12 bytes", "tag dig DNS at end compressed with 12 bytes",
        ])
    func roundTrip(phrase: String) throws {
        let proofs = try prove(["name: x\n\(Self.ends)intent: \(phrase)\n"])
        let trip = try #require(proofs.first { $0.kind == .roundTrip })
        #expect(trip.verdict == .proved, "\(trip)")
        #expect(trip.evidence.contains("of 0 to 65536 bytes"))
        let kinds = Set(proofs.map(\.kind))
        #expect(kinds == [.roundTrip, .identity, .growth, .coverage])
        #expect(!proofs.contains { $0.verdict == .refuted })
    }

    @Test("A composed chain is proved as the one module that it is")
    func chain() throws {
        let proofs = try prove([
            "name: x\n\(Self.ends)intent: tag dig DNS label one\n",
            "name: y\nafter: x\n\(Self.ends)intent: [monitor dig DNS requests, delay 5ms, label two]\n",
        ])
        #expect(proofs.first?.kind == .composition)
        #expect(proofs.first?.evidence.contains("x/0, then y/0: one module") ?? false, "\(proofs)")
        #expect(proofs.first?.evidence.contains("one/two") ?? false)
        #expect(proofs.filter { $0.kind == .roundTrip }.map(\.verdict) == [.proved])
        #expect(Set(proofs.map(\.subject)) == ["x/0"])
    }

    @Test("A dialect that the engine does not take is refuted, with its line")
    func unfit() throws {
        let proofs = try prove(["name: x\n\(Self.ends)intent: tag dig DNS\n"]) { compilation in
            compilation.plans = compilation.plans.map { plan in
                DevicePlan(
                    device: plan.device,
                    modules: plan.modules.map { module in
                        var short = module
                        short.dialect = .datagram(DatagramTag(place: .front, tagBytes: 8))
                        return short
                    })
            }
        }
        let trip = try #require(proofs.first { $0.kind == .roundTrip })
        #expect(trip.verdict == .refuted)
        #expect(trip.diagnostic?.hasPrefix("0.yaml:4:9: error: flow x/0: decoding does not undo encoding") ?? false)
    }

    @Test("Editions that may meet in a rotation are told apart by their keys, plain messages by 96 bits and the label")
    func editions() throws {
        let proofs = try prove(["name: x\n\(Self.ends)intent: tag dig DNS label four\n"])
        let identities = proofs.filter { $0.kind == .identity }
        #expect(identities.count == 2)
        #expect(identities[0].verdict == .proved)
        #expect(identities[0].evidence.hasPrefix("editions 2, 3 and 4 may share a socket"))
        #expect(identities[1].verdict == .odds)
        #expect(identities[1].evidence.contains("1 in 2^128"))
    }

    @Test("Two dialects of one socket are told apart structurally at one place, and by odds at different ones")
    func pairs() throws {
        let front = "name: a\n\(Self.ends)intent: tag dig DNS at front\n"
        let other = try prove([front, "name: b\n\(Self.ends)intent: tag drill DNS at front\n"], touched: ["b"])
        let structural = try #require(other.first { $0.subject == "a/0 and b/0" })
        #expect(structural.verdict == .proved)
        #expect(
            structural.evidence.contains("9 pairs of editions") || structural.evidence.contains("4 pairs of editions"))
        #expect(!other.contains { $0.subject == "a/0" }, "what does not change is not proved again")

        let end = try prove([front, "name: b\n\(Self.ends)intent: tag drill DNS at end\n"], touched: ["b"])
        #expect(end.first { $0.subject == "a/0 and b/0" }?.verdict == .odds)
        #expect(end.first { $0.subject == "a/0 and b/0" }?.evidence.contains("1 in 2^96") ?? false)

        let apart = try prove([front, "name: b\n\(Self.ends)intent: tag dig NTP\n"], touched: ["b"])
        #expect(!apart.contains { $0.subject == "a/0 and b/0" })
    }

    /// Three that no level has together, on the same sockets, and one that is always in force beside them.
    private static let levels = [
        "name: low\n\(ends)intent: tag dig DNS\n", "name: mid\n\(ends)intent: tag dig DNS with 24 bytes\n",
        "name: top\n\(ends)intent: tag dig DNS at end\n", "name: other\n\(ends)intent: tag drill DNS\n",
        "name: p\nintent: [\"levels a, b, c\", threat level a, use low at a, use mid at b, use top at c]\n",
    ]

    @Test("All that may share a socket is compared across all levels, whichever part of a posture was applied")
    func posture() throws {
        for touched in ["p", "low", "top"] as [IntentName] {
            let proofs = try prove(Self.levels, touched: [touched])
            let proof = try #require(proofs.first { $0.subject == "posture p" }, "\(touched)")
            #expect(proof.kind == .identity)
            #expect(proof.verdict == .odds)
            // Four dialects are read from the server's socket.
            #expect(
                proof.evidence
                    == "6 pairs of flows may be read from one socket across its 3 levels, 24 pairs of editions: "
                    + "3 told apart by their identifications, 3 but for 1 in 2^96 a message", "\(touched)")
        }
        // One that has nothing to do with the posture asks for no proof of it.
        #expect(!(try prove(Self.levels, touched: ["other"])).contains { $0.subject == "posture p" })
        let alone = try prove(
            [
                "name: low\n\(Self.ends)intent: tag dig DNS\n", "name: top\n\(Self.ends)intent: tag dig NTP\n",
                "name: p\nintent: [\"levels a, b\", threat level a, use low at a, use top at b]\n",
            ], touched: ["p"])
        #expect(alone.map(\.verdict) == [.proved])
        #expect(alone.first?.evidence == "no two flows may be read from one socket across its 2 levels")
    }

    @Test("More pairs than are compared: it is said how many, and what is not known of them")
    func bound() throws {
        let proof = try #require(
            try prove(Self.levels, touched: ["p"], pairsMax: 4).first { $0.subject == "posture p" })
        #expect(proof.verdict == .warned)
        #expect(
            proof.evidence.hasSuffix(
                "; 2 more than the 4 that are compared: of those it is not known that their identifications differ, and"
                    + " the authenticator stands for all but 1 in 2^64 a message"), "\(proof.evidence)")
        let others = try prove(Self.levels, touched: ["other"], pairsMax: 1).filter { $0.kind == .identity }
        #expect(others.last?.subject == "the other flows")
        #expect(others.last?.evidence.hasPrefix("2 more pairs of flows may be read from one socket than the 1") == true)
    }

    @Test("Growth is held against the MTU and UDP's limit, and classic DNS is warned of")
    func growth() throws {
        func growth(_ phrase: String, _ mtuBytes: Int = 1500) throws -> PlanProof {
            try #require(
                try prove(["name: x\n\(Self.ends)intent: \(phrase)\n"], mtuBytes: mtuBytes).first { $0.kind == .growth }
            )
        }
        let classic = try growth("tag dig DNS")
        #expect(classic.verdict == .warned)
        #expect(classic.evidence.contains("drops those above 480"))
        #expect(classic.evidence.contains("1440 bytes stay whole over IPv4, 1420 over IPv6"))
        #expect(classic.evidence.contains("65475 instead of 65507"))
        #expect(try growth("tag ntpd NTP").verdict == .proved)
        let narrow = try growth("tag dig DNS", 1280)
        #expect(narrow.evidence.contains("sent in fragments") && narrow.evidence.contains("1200 over IPv6"))
        #expect(try growth("tag curl HTTP").evidence.contains("3.2 %"))
    }

    @Test("Each sender's peers hold the decoder; where the fleet knows others alone, the plan is refuted")
    func coverage() throws {
        func coverage(_ addresses: String) throws -> PlanProof {
            let text = """
                name: x
                clients: {role: workstation}
                servers: {role: resolver}
                intent:
                  - tag: {application: dig, transport: udp, port: 53\(addresses)}
                """
            return try #require(try prove([text]).first { $0.kind == .coverage })
        }
        let own = try coverage("")
        #expect(own.verdict == .proved)
        #expect(
            own.evidence
                == "2 clients send it to 1 that holds the decoder; 1 server answers in the dialect only whom spoke it first"
        )
        let wide = try coverage(", server: {addresses: [10.0.0.0/24]}")
        #expect(wide.verdict == .warned)
        #expect(wide.evidence.contains("'web'"))
        let beyond = try coverage(", server: {addresses: [10.0.0.53, 198.51.100.0/24]}")
        #expect(beyond.verdict == .warned)
        #expect(beyond.evidence.contains("what is at 198.51.100.0/24 is beyond the fleet's sight"))
        let stranger = try coverage(", server: {addresses: [10.0.0.53, 10.0.0.80]}")
        #expect(stranger.verdict == .refuted)
        let shown = try #require(stranger.diagnostic)
        #expect(shown.hasPrefix("0.yaml:5:5: error: flow x/0: not every peer can decode"), "\(shown)")
        #expect(shown.contains("10.0.0.80, where the fleet knows 'web' alone"))
        #expect(shown.contains("^~~ select it with 'servers:', or leave the address out"))
    }
}

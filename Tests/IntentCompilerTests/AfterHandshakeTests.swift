import IntentCompiler
import L45Model
import Testing

@Suite("A dialect that begins after the TLS handshake")
struct AfterHandshakeTests {
    @Test("The phrase says so, its long form reads back as the same intent, and without it the first byte is tagged")
    func language() throws {
        let phrased = try intent(
            """
            name: x
            intent:
              - tag curl TLS after handshake every 500 bytes
              - drop untagged

            """)
        let tag = try #require(phrased.tags.first)
        #expect(tag.dialect == .stream(StreamTag(frameBytes: 500, start: .afterTLSHandshake)))
        #expect(tag.port == 443)
        let long = explain(phrased)
        #expect(long.contains("dialect: {every: 500, after: handshake, bytes: 32}"), "\(long)")
        #expect(try intent(long).tags.first?.dialect == tag.dialect)
        #expect(try intent(phrase("tag curl TLS")).tags.first?.dialect == .stream(StreamTag(frameBytes: 1000)))
    }

    @Test("Messages have no handshake, and there is but one")
    func refused() {
        #expect(
            rendered(phrase("tag dig DNS after handshake"))
                .contains("dns.yaml:3:17: error: 'after handshake' is for TLS over tcp: udp messages come without one"))
        let other = """
            name: x
            intent:
              - tag: {transport: tcp, port: 443, dialect: {after: lunch}}

            """
        #expect(rendered(other).contains("error:"))
    }

    @Test("A device with the kernel's tap cannot carry it, which is refuted before anything ships")
    func kernel() throws {
        let far = Fleet.device("web", ["role": "web", "site": "hq"], ["10.0.0.80"], taps: [.kernel])
        func verdicts(_ devices: [Device], _ phrase: String) throws -> [PlanProof] {
            let intents = try intents(
                "name: x\nclients: {role: workstation}\nservers: {role: web}\nintent: \(phrase)\n")
            let input = CompilerInput(
                entries: intents.map { CompilerInput.Entry($0, epoch: .first) }, devices: devices,
                rootSecret: Fleet.root)
            return PlanProofs.prove(
                IntentCompiler.compile(input), of: input, touched: ["x"], posture: nil, editions: [:], mtuBytes: 1500
            ).filter { $0.kind == .coverage }
        }
        let mixed = [Fleet.desk, far]
        let refuted = try #require(try verdicts(mixed, "tag curl TLS after handshake").first)
        #expect(refuted.verdict == .refuted)
        #expect(
            (refuted.diagnostic ?? "").contains("the kernel's tap, that of 'web', can not begin after a handshake"),
            "\(refuted)")
        #expect(try verdicts(mixed, "tag curl TLS").allSatisfy { $0.verdict != .refuted })
        #expect(try verdicts(Fleet.all, "tag curl TLS after handshake").allSatisfy { $0.verdict != .refuted })
    }
}

import Foundation
import L45Model
import NIOCore
import Testing

@testable import ControlChannel

@Suite("Tables are signed by the orchestrator, and used by agents for that alone", .timeLimit(.minutes(2)))
struct SignatureTests {
    private let authority: CertificateAuthority
    private let signer: TableSigner
    private let device: DeviceIdentity
    private let table: DeviceTable
    private static let time = Timestamp.now()

    init() throws {
        authority = try CertificateAuthority.create(now: Self.time)
        signer = try authority.tableSigner(TableSigner.newKey(), now: Self.time)
        device = try Bed.device(of: authority)
        table = DeviceTable(
            device: device.device, generation: Generation(7),
            modules: [
                ModuleEntry(plan: Self.module(priority: 100), state: .standby),
                ModuleEntry(plan: Self.module(priority: 101), state: .active, enforcing: true),
            ])
    }

    private static func module(priority: Int, secret: UInt8 = 1, artifact: String = "a") -> ModulePlan {
        ModulePlan(
            id: ModuleID(UInt64(priority)), intent: IntentName("dns"), flow: FlowName("dns/0"), epoch: Epoch(1),
            role: .client,
            tapSocket: TapSocket(transport: .udp, application: Application(process: "dig"), remotes: []),
            dialect: .datagram(DatagramTag(place: .front, label: "dns")),
            dialectSecret: Secret([UInt8](repeating: secret, count: 32)),
            initKey: Secret([UInt8](repeating: 2, count: 32)),
            priority: priority, artifact: ArtifactReference(digest: Digest(of: Data(artifact.utf8)), bytes: 1))
    }

    private var verifier: TableVerifier { TableVerifier(anchor: authority.anchor, now: { Self.time }) }

    private func changed(_ change: (inout [ModuleEntry]) -> Void) -> DeviceTable {
        var modules = table.modules
        change(&modules)
        return DeviceTable(device: table.device, generation: table.generation, modules: modules)
    }

    @Test(
        "What was signed is taken; the same signature for anything else is refused, be it one state, key, file or number"
    )
    func changes() throws {
        let signature = try signer.sign(table)
        #expect(verifier.objection(to: table, signature) == nil)
        for other in [
            changed { $0[0].state = .active }, changed { $0[1].enforcing = false }, changed { $0.removeLast() },
            changed { $0[0].plan = Self.module(priority: 99) },
            changed { $0[0].plan = Self.module(priority: 100, secret: 3) },
            changed { $0[0].plan = Self.module(priority: 100, artifact: "b") },
            DeviceTable(device: table.device, generation: Generation(8), modules: table.modules),
            DeviceTable(
                device: DeviceID(String(repeating: "0", count: 32)), generation: Generation(7), modules: table.modules),
        ] {
            #expect(verifier.objection(to: other, signature) == "its signature is not for what it says")
        }
        for at in signature.signature.indices {
            var flipped = signature
            flipped.signature[at] ^= 1
            #expect(verifier.objection(to: table, flipped) != nil)
        }
    }

    @Test(
        "Only the authority's own signer counts: not another's, not a device's, not an orchestrator's, not one whose time is over"
    )
    func signers() throws {
        let other = try CertificateAuthority.create(now: Self.time)
        let foreign = try other.tableSigner(TableSigner.newKey(), now: Self.time)
        #expect(
            verifier.objection(to: table, try foreign.sign(table))?.contains(
                "was not issued by this orchestrator's authority")
                == true)
        // A good signature under a certificate that is for something else.
        var posing = try signer.sign(table)
        let der = device.certificatePEM.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-") }.joined()
        posing.signer = Array(Data(base64Encoded: der) ?? Data())
        #expect(verifier.objection(to: table, posing)?.contains("not one of a signer of tables") == true)
        let old = try authority.tableSigner(TableSigner.newKey(), now: Timestamp(1_600_000_000_000))
        #expect(verifier.objection(to: table, try old.sign(table))?.contains("expired at 2022") == true)
        #expect(verifier.objection(to: table, nil) == "it is not signed")
        posing.signer = [1, 2, 3]
        #expect(verifier.objection(to: table, posing) == "its signer's certificate does not read")
        // A new key of the same authority needs no word to any agent.
        let next = try authority.tableSigner(TableSigner.newKey(), now: Self.time)
        #expect(verifier.objection(to: table, try next.sign(table)) == nil)
    }

    @Test(
        "A signature survives the wire, and a session refuses by name what is not signed, says so loudly, and goes on")
    func session() throws {
        var session = ClientSession(device: device.device, protocols: 1...1, verifier: verifier)
        _ = session.handshakeDone(Bed.hello())
        _ = session.received(.accepted(1))
        let frame = try EncodedFrame(
            WireOrchestratorFrame(table, signedBy: signer), payloadBytesMax: Frame.tableBytesMax)
        var payload = frame.bytes
        payload.moveReaderIndex(forwardBy: Frame.prefixBytes)
        let (inbound, signature) = try WireOrchestratorFrame.decodeSigned(payload)
        #expect(session.received(inbound, signature: signature) == [.deliver(.set(table))])

        let actions = session.received(inbound)
        let reason = "generation 7: it is not signed"
        #expect(actions.first == .send(WireAgentFrame(.refused(Generation(7), reason: reason))))
        guard case .send(let last)? = actions.last, actions.count == 2 else { throw Unexpected("\(actions)") }
        #expect(last.event.message == "table of a wrong signer refused")
        #expect(last.event.severity == .alert)
        #expect(session.isOpen)
    }

    @Test("Over the real channel: an orchestrator that signs is obeyed, one that does not is told why not")
    func channel() async throws {
        let bed = try await Bed(authority: authority)
        let (client, id) = try await bed.connect(device)
        try bed.server.send(.set(table), to: id)
        #expect(await client.message() == .set(table))
        await client.stop()
        await bed.server.stop()

        let mute = try await Bed(authority: authority) { $0.identity.signer = nil }
        let (other, session) = try await mute.connect(device)
        try mute.server.send(.set(table), to: session)
        guard case .message(session, _, .refused(Generation(7), let reason))? = await mute.events.next() else {
            throw Unexpected("not refused")
        }
        #expect(reason == "generation 7: it is not signed")
        guard case .message(_, _, .event(let event))? = await mute.events.next() else { throw Unexpected("no event") }
        #expect(event.severity == .alert)
        await other.stop()
        await mute.server.stop()
    }
}

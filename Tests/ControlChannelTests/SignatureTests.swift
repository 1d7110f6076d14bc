import Foundation
import L45Model
import NIOCore
import SwiftProtobuf
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
            WireOrchestratorFrame(.set(table), signedBy: signer), payloadBytesMax: Frame.tableBytesMax)
        var payload = frame.bytes
        payload.moveReaderIndex(forwardBy: Frame.prefixBytes)
        let (inbound, body, signature) = try WireOrchestratorFrame.decodeSigned(payload)
        #expect(session.received(inbound, body, signature) == [.deliver(.set(table))])

        let actions = session.received(inbound)
        let reason = "generation 7: it is not signed"
        #expect(actions.first == .send(WireAgentFrame(.refused(Generation(7), reason: reason))))
        guard case .send(let last)? = actions.last, actions.count == 2 else { throw Unexpected("\(actions)") }
        #expect(last.event.message == "table of a wrong signer refused")
        #expect(last.event.severity == .alert)
        #expect(session.isOpen)
    }

    /// A session that stands.
    private func openSession() -> ClientSession {
        var session = ClientSession(device: device.device, protocols: 1...1, verifier: verifier)
        _ = session.handshakeDone(Bed.hello())
        _ = session.received(.accepted(1))
        return session
    }

    /// What a session does with a frame as it comes off the wire.
    private func receive(_ frame: WireOrchestratorFrame, _ session: inout ClientSession) throws -> [ClientSession
        .Action]
    {
        var payload = try EncodedFrame(frame, payloadBytesMax: Frame.tableBytesMax).bytes
        payload.moveReaderIndex(forwardBy: Frame.prefixBytes)
        let (inbound, body, signature) = try WireOrchestratorFrame.decodeSigned(payload)
        return session.received(inbound, body, signature)
    }

    @Test("Paths, their keys and the authorities to trust are signed as well: without it none of them is taken")
    func bodies() throws {
        var random = Seeded(7)
        let paths = Sample.pathTable(&random)
        let keys = Sample.pathKeys(&random)
        let authorities = [authority.anchor.certificatePEM]
        for (message, taken) in [
            (OrchestratorMessage.setPaths(paths), ClientSession.Action.deliver(.setPaths(paths))),
            (.pathKeys(keys), .deliver(.pathKeys(keys))),
            (.trust(authorities, renew: true), .trust(authorities, renew: true)),
        ] {
            var session = openSession()
            let frame = try WireOrchestratorFrame(message, signedBy: signer)
            #expect(try receive(frame, &session) == [taken])
            for refused in [
                WireOrchestratorFrame(message), try bent(frame), try exchanged(frame),
                try WireOrchestratorFrame(
                    message,
                    signedBy: CertificateAuthority.create(now: Self.time).tableSigner(
                        TableSigner.newKey(), now: Self.time)),
            ] {
                let actions = try receive(refused, &session)
                #expect(!actions.contains(taken))
                guard case .send(let last)? = actions.last else { throw Unexpected("\(actions)") }
                #expect(last.event.severity == .alert)
                #expect(last.event.message.hasSuffix("of a wrong signer refused"))
                #expect(session.isOpen)
            }
        }
        // The path's agent says why its table stands where it is.
        var session = openSession()
        #expect(
            try receive(WireOrchestratorFrame(.setPaths(paths)), &session).first
                == .deliver(.pathsInvalid(paths.generation, why: "it is not signed")))
    }

    /// One field is another than what was signed.
    private func bent(_ frame: WireOrchestratorFrame) throws -> WireOrchestratorFrame {
        var bent = frame
        switch frame.body {
        case .setPaths: bent.setPaths.generation += 1
        case .pathKeys: bent.pathKeys.entries[0].port += 1
        case .trust: bent.trust.renew.toggle()
        default: throw Unexpected("\(frame)")
        }
        return bent
    }

    /// The signature of another message of the same signer.
    private func exchanged(_ frame: WireOrchestratorFrame) throws -> WireOrchestratorFrame {
        var exchanged = frame
        exchanged.tableSignature = try WireOrchestratorFrame(.set(table), signedBy: signer).tableSignature
        return exchanged
    }

    @Test("A field that only a newer release knows is part of what is signed, and does not spoil it")
    func newerFields() throws {
        var random = Seeded(8)
        let paths = Sample.pathTable(&random)
        // As a newer orchestrator would send it: field 999 of the body, a varint.
        let extra = Data([0xb8, 0x3e, 0x05])
        var newer = WireOrchestratorFrame(.setPaths(paths))
        let known: Data = try newer.setPaths.serializedBytes()
        newer.setPaths = try WirePathTable(serializedBytes: known + extra)
        let body = try #require(try SignedBody(newer))
        #expect(body.content.suffix(3) == extra)
        let made = try signer.sign(body)
        newer.tableSignature.signature = Data(made.signature)
        newer.tableSignature.signer = Data(made.signer)
        var session = openSession()
        #expect(try receive(newer, &session) == [.deliver(.setPaths(paths))])
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

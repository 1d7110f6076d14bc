import L45Model
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import ControlChannel

@Suite("Peers that are not what they should be", .timeLimit(.minutes(2)))
struct StrangerTests {
    @Test("A certificate of another authority is refused in words, and the device's own authority is not confused")
    func otherAuthority() async throws {
        let bed = try await Bed()
        let other = try CertificateAuthority.create(now: .now())
        // It trusts this orchestrator, and was enrolled at another.
        let key = DeviceKey()
        let foreign = try other.grant(try key.signingRequest(), now: .now())
        let raw = try await RawPeer(
            bed, certificatePEM: foreign.certificatePEM, key: key)
        let refusal = try await raw.refusal()
        #expect(refusal.code == .certificateOfOtherAuthority)
        #expect(refusal.text.contains("enrol the device again"))
        await bed.server.stop()
    }

    @Test("An agent does not talk to an orchestrator of another authority, nor to a device that plays one")
    func wrongServer() async throws {
        let bed = try await Bed()
        let stranger = try Bed.device(of: try CertificateAuthority.create(now: .now()))
        let client = bed.client(stranger)
        #expect(await client.lost()?.contains("was not issued by this orchestrator's authority") == true)
        await client.stop()

        let impostor = try bed.device()
        let posing = OrchestratorIdentity(
            keyPEM: impostor.key.pem, certificatePEM: impostor.certificatePEM, anchor: bed.authority.anchor)
        let trap = try await Bed(authority: bed.authority) { $0.identity = posing }
        let victim = trap.client(try bed.device())
        #expect(await victim.lost()?.contains("not one of an orchestrator") == true)
        await victim.stop()
        await trap.server.stop()
        await bed.server.stop()
    }

    @Test("An expired certificate is refused with its date")
    func expired() async throws {
        let bed = try await Bed()
        let old = try bed.device(now: Timestamp(1_700_000_000_000))
        let client = bed.client(old)
        let reason = await client.lost()
        #expect(reason?.contains("expired at 2024-02-12") == true, "\(reason ?? "")")
        await client.stop()
        await bed.server.stop()
    }

    @Test("Without a certificate a peer may enrol and nothing else")
    func nameless() async throws {
        let bed = try await Bed()
        let raw = try await RawPeer(bed)
        try await raw.send(EncodedFrame(.hello(Bed.hello())).bytes)
        #expect(try await raw.refusal().code == .certificateMissing)
        let rude = try await RawPeer(bed)
        try await rude.send(EncodedFrame(.refused(Generation(1), reason: "no")).bytes)
        #expect(try await rude.refusal().code == .protocolOrder)
        await bed.server.stop()
    }

    @Test("Bytes that are not TLS close that connection and nothing else")
    func garbage() async throws {
        let bed = try await Bed()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: bed.server.port).get()
        try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nHost: l45\r\n\r\n"))
        try await channel.closeFuture.get()
        let (client, _) = try await bed.connect()
        await client.stop()
        await bed.server.stop()
    }

    @Test("A frame that is too long is refused by its length, with both sizes, from a stranger and from a device")
    func tooLong() async throws {
        let bed = try await Bed()
        let stranger = try await RawPeer(bed)
        try await stranger.send(ByteBuffer(integer: UInt32(20_000)))
        let small = try await stranger.refusal()
        #expect(small.code == .frameTooLong)
        #expect(small.text.contains("20000") && small.text.contains("16384"))

        let identity = try bed.device()
        let device = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key)
        try await device.send(EncodedFrame(.hello(Bed.hello())).bytes)
        guard case .connected(let session, _, _)? = await bed.events.next() else { throw Unexpected("no hello") }
        try await device.send(ByteBuffer(integer: UInt32(5 << 20)))
        #expect(try await device.refusal().text.contains("5242880") == true)
        guard case .disconnected(session, _, let reason)? = await bed.events.next() else { throw Unexpected("open") }
        #expect(reason.contains("5242880") && reason.contains("1048576"))
        await bed.server.stop()
    }

    @Test("A peer that connects and says nothing is cut off")
    func mute() async throws {
        let bed = try await Bed { $0.greetingMax = .milliseconds(50) }
        let raw = try await RawPeer(bed)
        // The time limit of the suite is what this fails by.
        try await raw.closed()
        #expect(bed.server.sessionCount == 0)
        await bed.server.stop()
    }

    @Test("A device that stops speaking is gone when its time is over")
    func halfOpen() async throws {
        let bed = try await Bed {
            $0.heartbeatEvery = .milliseconds(20)
            $0.silenceMax = .milliseconds(100)
        }
        let identity = try bed.device()
        let raw = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key)
        try await raw.send(EncodedFrame(.hello(Bed.hello())).bytes)
        guard case .connected(let session, _, _)? = await bed.events.next() else { throw Unexpected("no hello") }
        guard case .disconnected(session, _, let reason)? = await bed.events.next() else { throw Unexpected("open") }
        #expect(reason.contains("nothing was heard"))
        await bed.server.stop()
    }

    @Test("Two ends that have nothing to say keep each other's connection alive")
    func alive() async throws {
        let bed = try await Bed {
            $0.heartbeatEvery = .milliseconds(10)
            $0.silenceMax = .seconds(20)
        }
        let identity = try bed.device()
        let raw = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key)
        try await raw.send(EncodedFrame(.hello(Bed.hello())).bytes)
        #expect(try await raw.next() == .accepted(1))
        for _ in 0..<5 { #expect(try await raw.next() == .ping) }
        await bed.server.stop()
    }

    @Test("A device that stops reading is cut off before what waits for it grows past the bound")
    func stoppedReader() async throws {
        let bed = try await Bed { $0.outboundBytesMax = 1 << 20 }
        let identity = try bed.device()
        let raw = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key)
        try await raw.send(EncodedFrame(.hello(Bed.hello())).bytes)
        guard case .connected(let session, _, _)? = await bed.events.next() else { throw Unexpected("no hello") }
        try await raw.stopReading()
        var random = Seeded(1)
        let table = DeviceTable(
            device: identity.device, generation: Generation(1), modules: Sample.table(&random, modules: 500).modules)
        let frame = try EncodedFrame(.set(table))
        // Past the bound and all that sockets may hold; the session ends long before.
        for _ in 0..<((64 << 20) / frame.bytes.readableBytes) { bed.server.send(frame, to: [session]) }
        guard case .disconnected(session, _, let reason)? = await bed.events.next() else { throw Unexpected("open") }
        #expect(reason.contains("reads too slowly") && reason.contains("1048576"))
        await bed.server.stop()
    }

    @Test("A device that talks faster than it is listened to is left unread, and nothing of it is lost")
    func talkative() async throws {
        let bed = try await Bed { $0.inboundMessagesMax = 4 }
        let (client, session) = try await bed.connect()
        for at in 1...500 { #expect(client.client.send(.refused(Generation(UInt64(at)), reason: "no"))) }
        for at in 1...500 {
            guard case .message(session, _, .refused(let generation, _))? = await bed.events.next() else {
                throw Unexpected("message \(at) is missing")
            }
            #expect(generation == Generation(UInt64(at)))
        }
        await client.stop()
        await bed.server.stop()
    }
}

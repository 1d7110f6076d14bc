import L45Model
import NIOCore
import NIOSSL
import Synchronization
import Testing

@testable import ControlChannel

/// Each story has an honest agent that is connected all the while: nothing gets in, and it notices nothing.
@Suite("Rogue agents", .timeLimit(.minutes(2)))
struct RogueTests {
    private let notices = Notices()

    /// A server, an honest agent on it, and what became of both.
    private func besieged(
        adjust: @escaping (inout ChannelServerConfiguration) -> Void = { _ in },
        _ attack: (Bed, SessionID) async throws -> Void
    ) async throws {
        let notices = notices
        let bed = try await Bed(
            adjust: { configuration in
                configuration.notice = { notices.add($0) }
                adjust(&configuration)
            })
        let (honest, session) = try await bed.connect()
        try await attack(bed, session)
        #expect(await bed.server.isAlive(session))
        try bed.server.send(.reportWanted, to: session)
        #expect(await honest.message() == .reportWanted)
        honest.client.send(.refused(Generation(1), reason: "honest"))
        let word = await bed.events.first { event in
            switch event {
            case .message(session, _, .refused): "heard"
            case .disconnected(session, _, let reason): reason
            default: nil
            }
        }
        #expect(word == "heard")
        await honest.stop()
        await bed.server.stop()
    }

    @Test("TLS 1.2 is not spoken, and the operator is told of who tried it")
    func oldTLS() async throws {
        try await besieged { bed, _ in
            let identity = try bed.device()
            let peer = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key) {
                $0.minimumTLSVersion = .tlsv1
                $0.maximumTLSVersion = .tlsv12
            }
            try await peer.closed()
            let told = await notices.refusal()
            #expect(told?.code == .tlsFailed)
            #expect(told?.address == "127.0.0.1")
            #expect(bed.server.sessionCount == 1)
        }
    }

    @Test("A version of the protocol that is no longer spoken is refused with both ranges")
    func oldProtocol() async throws {
        try await besieged { bed, _ in
            let identity = try bed.device()
            let peer = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key)
            var frame = WireAgentFrame()
            frame.hello = WireHello(Bed.hello(), protocols: 0...0)
            try await peer.send(EncodedFrame(frame, payloadBytesMax: Frame.strangerBytesMax).bytes)
            #expect(try await peer.refusal().code == .protocolVersion)
        }
    }

    @Test(
        "A stolen certificate at the same time: the device that lives is kept, the other refused, and both places told")
    func stolen() async throws {
        try await besieged { bed, _ in
            let identity = try bed.device()
            let (owner, session) = try await bed.connect(identity)
            let thief = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key)
            try await thief.send(EncodedFrame(.hello(Bed.hello("thief"))).bytes)
            let refusal = try await thief.refusal()
            #expect(refusal.code == .deviceElsewhere)
            // What it is told is what it knew: neither a name nor an address.
            #expect(!refusal.text.contains("127.0.0.1") && !refusal.text.contains(identity.device.rawValue))
            let contest = await notices.events.first { notice -> (String, String)? in
                guard case .contested(identity.device, let held, let refused) = notice else { return nil }
                return (held, refused)
            }
            #expect(contest?.0 == bed.server.address(of: session))
            #expect(contest?.1.contains("127.0.0.1") == true)
            #expect(await bed.server.isAlive(session))
            await owner.stop()
        }
    }

    @Test("Whoever says nothing to the question whether it lives gives way to the device that comes back")
    func dead() async throws {
        try await besieged(adjust: { $0.rivalMax = .milliseconds(30) }) { bed, _ in
            let identity = try bed.device()
            let lost = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key)
            try await lost.send(EncodedFrame(.hello(Bed.hello())).bytes)
            guard case .connected(let first, _, _)? = await bed.events.next() else { throw Unexpected("no hello") }
            // An answer to another question is none.
            var wrong = WireAgentFrame()
            wrong.here.nonce = 1
            try await lost.send(EncodedFrame(wrong, payloadBytesMax: Frame.strangerBytesMax).bytes)
            let owner = bed.client(identity)
            guard case .disconnected(first, _, _)? = await bed.events.next() else { throw Unexpected("kept") }
            guard case .connected(_, identity.device, _)? = await bed.events.next() else { throw Unexpected("refused") }
            await owner.stop()
        }
    }

    @Test("A hello that comes by the byte, and a frame that does, are cut off in their time")
    func slow() async throws {
        try await besieged(adjust: {
            $0.greetingMax = .seconds(2)
            $0.frameMax = .milliseconds(60)
        }) { bed, _ in
            // The first bytes of a TLS record that says it has 512.
            let handshake = try await RawSocket(bed)
            handshake.drip([22, 3, 1, 2, 0] + [UInt8](repeating: 1, count: 400))
            try await handshake.closed()

            let identity = try bed.device()
            let peer = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key)
            try await peer.send(EncodedFrame(.hello(Bed.hello())).bytes)
            guard case .connected(let session, _, _)? = await bed.events.next() else { throw Unexpected("no hello") }
            peer.drip([0, 0, 200, 0] + [UInt8](repeating: 0, count: 4000))
            guard case .disconnected(session, _, let reason)? = await bed.events.next() else {
                throw Unexpected("open")
            }
            #expect(reason.contains("a frame took more than"))
        }
    }

    @Test("Connections that never speak take each other's place, not that of agents, and go by themselves")
    func mute() async throws {
        try await besieged(adjust: {
            $0.waitingMax = 64
            $0.waitingPerAddressMax = 48
            $0.silentMax = .seconds(2)
        }) { bed, _ in
            var sockets: [RawSocket] = []
            for _ in 0..<300 { sockets.append(try await RawSocket(bed)) }
            let (agent, _) = try await bed.connect()
            #expect(bed.server.waitingCount <= 48)
            let crowded = await notices.events.first { notice in
                if case .refused(let peer) = notice, peer.code == .crowded { true } else { nil }
            }
            #expect(crowded == true)
            for socket in sockets { try await socket.closed() }
            #expect(sockets.allSatisfy { $0.heard.all.isEmpty })
            await agent.stop()
        }
    }

    @Test(
        "Reports and paths of another device, a second hello and an enrolment in mid-session end their own session alone"
    )
    func impersonation() async throws {
        var random = Seeded(3)
        var other = Sample.report(&random)
        other.device = Sample.device
        var hello = WireAgentFrame()
        hello.hello = WireHello(Bed.hello(), protocols: 1...1)
        var enrol = WireAgentFrame()
        enrol.enrol.protocolMin = 1
        enrol.enrol.protocolMax = 1
        enrol.enrol.tokenID = "t"
        let frames = [
            try EncodedFrame(.report(other)), try EncodedFrame(.paths(Sample.pathReport(&random))),
            try EncodedFrame(hello, payloadBytesMax: Frame.strangerBytesMax),
            try EncodedFrame(enrol, payloadBytesMax: Frame.strangerBytesMax),
        ]
        try await besieged { bed, _ in
            for frame in frames {
                let identity = try bed.device()
                let peer = try await RawPeer(bed, certificatePEM: identity.certificatePEM, key: identity.key)
                try await peer.send(EncodedFrame(.hello(Bed.hello())).bytes)
                guard case .connected(let session, identity.device, _)? = await bed.events.next() else {
                    throw Unexpected("no hello")
                }
                try await peer.send(frame.bytes)
                let refusal = try await peer.refusal()
                #expect(refusal.code == .frameMalformed || refusal.code == .protocolOrder)
                guard case .disconnected(session, _, _)? = await bed.events.next() else { throw Unexpected("open") }
            }
        }
    }

    @Test("A session that was recorded on the way and is played again, byte by byte, is refused by TLS")
    func replayedSession() async throws {
        try await besieged { bed, _ in
            let wiretap = try await Wiretap(before: bed.server.port)
            let (agent, session) = try await bed.connect { $0.port = wiretap.port }
            agent.client.send(.refused(Generation(7), reason: "once"))
            let once = await bed.events.first { event -> String? in
                if case .message(session, _, .refused(_, let reason)) = event { reason } else { nil }
            }
            #expect(once == "once")
            await agent.stop()
            guard case .disconnected(session, _, _)? = await bed.events.next() else { throw Unexpected("open") }

            let player = try await RawSocket(bed)
            try await player.send(wiretap.heardFromAgents)
            try await player.closed()
            #expect(await notices.refusal()?.code == .tlsFailed)
            #expect(bed.server.sessionCount == 1)
            try await wiretap.stop()
        }
    }

    @Test(
        "What is repeated or changed on the way ends the connection it was on, and counts once or not at all",
        arguments: Wiretap.Way.allCases, Wiretap.Act.allCases)
    func onTheWay(_ way: Wiretap.Way, _ act: Wiretap.Act) async throws {
        try await besieged { bed, _ in
            let wiretap = try await Wiretap(before: bed.server.port)
            let (agent, session) = try await bed.connect { $0.port = wiretap.port }
            wiretap.spoil(way, act)
            let counted = Mutex(0)
            switch way {
            case .toOrchestrator:
                agent.client.send(.refused(Generation(7), reason: "on the way"))
                await bed.events.first { event -> Void? in
                    switch event {
                    case .message(session, _, _):
                        counted.withLock { $0 += 1 }
                        return nil
                    case .disconnected(session, _, _): return ()
                    default: return nil
                    }
                }
            case .toAgent:
                try bed.server.send(.reportWanted, to: session)
                await agent.events.first { event -> Void? in
                    switch event {
                    case .message:
                        counted.withLock { $0 += 1 }
                        return nil
                    case .disconnected: return ()
                    default: return nil
                    }
                }
            }
            // Of two that came at once the first may go with the second.
            #expect(counted.withLock { $0 } <= (act == .doubled ? 1 : 0))
            await agent.stop()
            try await wiretap.stop()
        }
    }

    @Test("A thousand refusals of one kind are told once, and counted")
    func counted() async throws {
        try await besieged { bed, _ in
            for _ in 0..<40 {
                let peer = try await RawPeer(bed)
                try await peer.send(EncodedFrame(.hello(Bed.hello())).bytes)
                #expect(try await peer.refusal().code == .certificateMissing)
            }
            let told = notices.all.withLock { $0 }
            #expect(told.count == 1)
        }
    }

    @Test("What a refused peer is told has no name, path or address of the orchestrator's side")
    func discretion() {
        let device = DeviceKey().device
        let used = EnrolmentRefusal.tokenUsed(id: "t1", by: device).refusal
        #expect(!used.text.contains(device.rawValue))
        #expect(used.inside?.contains(device.rawValue) == true)
        let unavailable = EnrolmentRefusal.unavailable(reason: "/var/lib/l45/cib.sqlite: disk full").refusal
        #expect(!unavailable.text.contains("/var"))
        #expect(unavailable.inside?.contains("disk full") == true)
        #expect(WireRefusal(unavailable).value.inside == nil)
    }
}

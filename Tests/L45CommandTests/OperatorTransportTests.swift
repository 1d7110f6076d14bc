import ControlChannel
import Foundation
import L45Model
import Logging
import NIOCore
import NIOPosix
import Testing

@Suite("The operator API over a real Unix socket")
struct OperatorTransportTests {
    @Test("A question is answered, and the service saw what was asked")
    func question() async throws {
        let service = FakeOrchestrator.fleet()
        let answer = try await serving(service) { socket in
            try await OperatorClient(path: socket).call(.get(ResourceQuery(.devices, selector: ["role": "web"])))
        }
        #expect(answer == .devices(Fleet.devices))
        #expect(service.asked == [.get(ResourceQuery(.devices, selector: ["role": "web"]))])
    }

    @Test("The socket is its owner's alone, and is gone when the server is")
    func mode() async throws {
        let path = try await serving(FakeOrchestrator.fleet()) { socket in
            let attributes = try FileManager.default.attributesOfItem(atPath: socket)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            return socket
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("A peer of another user is refused by name, and its request is not carried out")
    func refusedPeer() async throws {
        let service = FakeOrchestrator.fleet()
        let answer = try await serving(service, policy: PeerPolicy(uids: [geteuid() + 4242])) { socket in
            try await OperatorClient(path: socket).call(.delete(DeleteRequest(intents: [Fleet.dns])))
        }
        guard case .failure(let failure) = answer else {
            Issue.record("answered: \(answer)")
            return
        }
        #expect(failure.code == .notPermitted)
        #expect(failure.message.contains("user \(geteuid()) may not use"))
        #expect(service.asked.isEmpty)
    }

    @Test("Eight megabytes go through, each way")
    func large() async throws {
        let text = String(repeating: "x", count: 8_000_000)
        let service = FakeOrchestrator { request in
            guard case .apply(let apply) = request else { return .failure(APIFailure(.malformed, "no apply")) }
            return .failure(APIFailure(.badInput, apply.sources[0].text))
        }
        let answer = try await serving(service) { socket in
            try await OperatorClient(path: socket)
                .call(.apply(ApplyRequest(sources: [APISource(origin: "-", text: text)])))
        }
        guard case .failure(let failure) = answer else {
            Issue.record("not answered")
            return
        }
        #expect(failure.message == text)
    }

    @Test("A request past the bound is not sent")
    func tooLongHere() async throws {
        let service = FakeOrchestrator.fleet()
        let error = try await serving(service) { socket in
            await #expect(throws: OperatorClientError.self) {
                let text = String(repeating: "x", count: APIVersion.frameBytesMax)
                _ = try await OperatorClient(path: socket)
                    .call(.apply(ApplyRequest(sources: [APISource(origin: "-", text: text)])))
            }
        }
        #expect(error?.description.contains("a frame at most 8388608") == true)
        #expect(service.asked.isEmpty)
    }

    @Test("An answer past the bound becomes a refusal that says so")
    func tooLongAnswer() async throws {
        let service = FakeOrchestrator { _ in
            .failure(APIFailure(.badInput, String(repeating: "x", count: APIVersion.frameBytesMax)))
        }
        let answer = try await serving(service) { try await OperatorClient(path: $0).call(.version) }
        guard case .failure(let failure) = answer else {
            Issue.record("not answered")
            return
        }
        #expect(failure.code == .tooLong)
        #expect(failure.hint == "ask for less at a time")
    }

    @Test("A frame whose length is past the bound is answered with the bound, read no further, and hung up on")
    func tooLongFrame() async throws {
        let service = FakeOrchestrator.fleet()
        let frames = try await serving(service) { socket in
            try await RawPeer.exchange(socket, [0x00, 0x80, 0x00, 0x01] + Array("{\"api\"".utf8))
        }
        try #require(frames.count == 1)
        #expect(frames[0].contains(#""code":"too-long""#))
        #expect(frames[0].contains("the frame has 8388609 bytes, at most 8388608 are read"))
        #expect(service.asked.isEmpty)
    }

    @Test("A verb of a newer client is refused by name, and the connection goes on")
    func newerClient() async throws {
        let frames = try await serving(FakeOrchestrator.fleet()) { socket in
            let verbs = [
                #"{"api":"l45/v1","verb":"levitate"}"#, #"{"api":"l45/v9","verb":"version"}"#, "nonsense",
                #"{"api":"l45/v1","verb":"events","body":{"limit":5}}"#,
            ]
            return try await RawPeer.exchange(socket, verbs.flatMap(RawPeer.frame), hangUp: true)
        }
        try #require(frames.count == 4)
        #expect(frames[0].contains(#""code":"unknown-verb""#) && frames[0].contains("'levitate'"))
        #expect(frames[1].contains(#""code":"unsupported-version""#))
        #expect(frames[2].contains(#""code":"malformed""#))
        #expect(frames[3].contains(#""kind":"events""#))
    }

    @Test("A frame cut short by its sender is no request")
    func cutShort() async throws {
        let service = FakeOrchestrator.fleet()
        let frames = try await serving(service) { socket in
            let whole = RawPeer.frame(#"{"api":"l45/v1","verb":"version"}"#)
            return try await RawPeer.exchange(socket, Array(whole.dropLast()), hangUp: true)
        }
        #expect(frames.isEmpty)
        #expect(service.asked.isEmpty)
    }

    @Test("No socket, a socket that nobody serves, a folder: each is told apart and says what to do")
    func unreachable() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let absent = await #expect(throws: OperatorClientError.self) {
            _ = try await OperatorClient(path: "\(folder.path)/api.sock").call(.version)
        }
        #expect(absent?.fault == .absent)
        #expect(absent?.description.contains("start it with 'l45 nco'") == true)
        let stale = try StaleSocket.leave(in: folder.path)
        let notServed = await #expect(throws: OperatorClientError.self) {
            _ = try await OperatorClient(path: stale).call(.version)
        }
        #expect(notServed?.fault == .notServed)
        let long = await #expect(throws: OperatorClientError.self) {
            _ = try await OperatorClient(path: "/tmp/" + String(repeating: "x", count: 200)).call(.version)
        }
        #expect(long?.description.contains("205 bytes, the kernel takes 107") == true)
    }

    @Test("A server takes the place of a dead one, and refuses that of a living one, of a file, of a path too long")
    func places() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let stale = try StaleSocket.leave(in: folder.path)
        let service = FakeOrchestrator.fleet()
        try await serving(service, at: stale) { path in
            let answer = try await OperatorClient(path: path).call(.events(EventQuery()))
            #expect(answer == .events(Fleet.events))
            await #expect(throws: ListenError.inUse(path)) {
                _ = try await OperatorServer.bind(path: path, service: service, logger: .silent)
            }
        }
        let file = "\(folder.path)/file"
        try Data("precious".utf8).write(to: URL(filePath: file))
        await #expect(throws: ListenError.notASocket(file)) {
            _ = try await OperatorServer.bind(path: file, service: service, logger: .silent)
        }
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
        let long = "\(folder.path)/" + String(repeating: "x", count: 108)
        await #expect(throws: ListenError.pathTooLong(long, bytes: long.utf8.count, bytesMax: 107)) {
            _ = try await OperatorServer.bind(path: long, service: service, logger: .silent)
        }
    }

    @Test("An orchestrator that says nothing is given up on in time")
    func silence() async throws {
        let error = try await serving(SilentOrchestrator()) { socket in
            await #expect(throws: OperatorClientError.self) {
                _ = try await OperatorClient(path: socket).call(.version, within: .milliseconds(1))
            }
        }
        #expect(error?.fault == .late(seconds: 0))
    }
}

/// Answers nothing until its task is cancelled.
private struct SilentOrchestrator: OperatorService {
    func answer(_ request: APIRequest) async -> APIResponse {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
        continuation.finish()
        return .failure(APIFailure(.unavailable, "cancelled"))
    }
}

/// A socket file that its server left behind when it was killed.
private enum StaleSocket {
    static func leave(in folder: String) throws -> String {
        let path = "\(folder)/stale.sock"
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(descriptor)
        guard bound == 0 else { throw CocoaError(.fileWriteUnknown) }
        return path
    }
}

/// Sends bytes as they are and collects the frames that come back until the server hangs up.
private enum RawPeer {
    static func frame(_ json: String) -> [UInt8] {
        let bytes = Array(json.utf8)
        return withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + bytes
    }

    /// - Parameter hangUp: end the sending side first; else wait for the server to end.
    static func exchange(_ socket: String, _ bytes: [UInt8], hangUp: Bool = false) async throws -> [String] {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(unixDomainSocketPath: socket) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: bytes))
            if hangUp { outbound.finish() }
            var all = ByteBuffer()
            for try await var part in inbound { all.writeBuffer(&part) }
            var frames: [String] = []
            while let length = all.readInteger(as: UInt32.self), let text = all.readString(length: Int(length)) {
                frames.append(text)
            }
            return frames
        }
    }
}

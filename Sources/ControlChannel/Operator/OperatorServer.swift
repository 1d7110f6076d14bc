import Foundation
package import L45Model
package import Logging
import NIOCore
import NIOPosix

/// Serves the operator API on a Unix domain socket.
///
/// Requests of one connection are answered in their order, one at a time; connections do not wait for each other.
package struct OperatorServer<Service: OperatorService>: Sendable {
    private let socket: ListeningSocket
    private let service: Service
    private let policy: PeerPolicy
    private let logger: Logger

    /// Binds the socket; from here on connections queue in the kernel until `run`.
    /// - Throws: `ListenError`.
    package static func bind(
        path: String, service: Service, policy: PeerPolicy = .ownerAndRoot, logger: Logger
    ) async throws -> OperatorServer {
        OperatorServer(socket: try ListeningSocket.open(path), service: service, policy: policy, logger: logger)
    }

    /// Accepts and answers until the task is cancelled; then the socket's file is gone. To be called once.
    package func run() async throws {
        defer { socket.removeFile() }
        let listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelOption(.autoRead, value: false)
            // A client may end its side once it has asked, and still gets its answers.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(socket.descriptor) { channel in
                channel.eventLoop.makeCompletedFuture { try OperatorConnection(channel) }
            }
        try await listener.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await connection in connections {
                    group.addTask { await serve(connection) }
                }
            }
        }
    }

    private func serve(_ connection: OperatorConnection) async {
        do {
            let refusal = try await refusal(of: connection.channel)
            for await frame in connection.frames {
                let (response, last) = await respond(to: frame, refusal)
                try await connection.answer(Self.encode(response, connection.channel.allocator))
                if last { break }
            }
        } catch {
            // A client that goes away is its own affair: nothing was half done, it will ask again.
            logger.debug("operator's connection lost", metadata: ["error": "\(error)"])
        }
        connection.channel.close(promise: nil)
    }

    /// - Returns: the answer, and whether the connection ends with it.
    private func respond(to frame: APIFrame, _ refusal: APIFailure?) async -> (APIResponse, last: Bool) {
        if let refusal { return (.failure(refusal), true) }
        switch frame {
        case .tooLong(let bytes):
            let text = "the frame has \(bytes) bytes, at most \(APIVersion.frameBytesMax) are read"
            return (.failure(APIFailure(.tooLong, text, hint: "apply fewer files at a time")), true)
        case .bytes(let buffer):
            do throws(APIFailure) {
                return (await service.answer(try APIRequest.decode(Data(buffer.readableBytesView))), false)
            } catch {
                return (.failure(error), false)
            }
        }
    }

    private func refusal(of channel: any Channel) async throws -> APIFailure? {
        guard let provider = channel as? any SocketOptionProvider else {
            return APIFailure(.notPermitted, "the peer's user is unknown")
        }
        let peer: PeerCredentials = try await provider.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: CInt(SO_PEERCRED))
        ).get()
        guard !policy.admits(peer.uid) else { return nil }
        logger.warning("operator refused", metadata: ["uid": "\(peer.uid)", "pid": "\(peer.pid)"])
        let admitted = policy.uids.sorted().map { "\($0)" }.joined(separator: ", ")
        return APIFailure(
            .notPermitted, "user \(peer.uid) may not use '\(socket.path)', only user \(admitted)",
            hint: "run l45 as that user")
    }

    private static func encode(_ response: APIResponse, _ allocator: ByteBufferAllocator) throws -> ByteBuffer {
        do {
            return try APIFrame.encode(response, allocator: allocator)
        } catch let failure as APIFailure {
            return try APIFrame.encode(APIResponse.failure(failure), allocator: allocator)
        }
    }
}

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
    private let desk: OperatorDesk<Service>
    private let logger: Logger

    /// Binds the socket; from here on connections queue in the kernel until `run`.
    /// - Parameter admit: who may do what; nil: the users of `policy` everything.
    /// - Parameter group: whose members may connect at all; nil: the owner alone. Who connects must still be admitted.
    /// - Throws: `ListenError`.
    package static func bind(
        path: String, service: Service, policy: PeerPolicy = .ownerAndRoot, admit: OperatorAdmission? = nil,
        group: UInt32? = nil, logger: Logger
    ) async throws -> OperatorServer {
        OperatorServer(
            socket: try ListeningSocket.open(path, group: group),
            desk: OperatorDesk(service: service, admit: admit ?? policy.admission(of: path)), logger: logger)
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
            let (proof, from) = try await peer(of: connection.channel)
            for await frame in connection.frames {
                let (response, last) = await desk.respond(to: frame, proof, from: from)
                if last { logger.warning("operator refused", metadata: ["peer": "\(proof)", "from": "\(from)"]) }
                try await connection.answer(OperatorDesk<Service>.encode(response, connection.channel.allocator))
                if last { break }
            }
        } catch {
            // A client that goes away is its own affair: nothing was half done, it will ask again.
            logger.debug("operator's connection lost", metadata: ["error": "\(error)"])
        }
        connection.channel.close(promise: nil)
    }

    private func peer(of channel: any Channel) async throws -> (OperatorProof, from: String) {
        guard let provider = channel as? any SocketOptionProvider else {
            throw APIFailure(.notPermitted, "the peer's user is unknown")
        }
        let peer: PeerCredentials = try await provider.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: CInt(SO_PEERCRED))
        ).get()
        return (
            .user(uid: peer.uid, gid: peer.gid), "pid \(peer.pid) on \((socket.path as NSString).lastPathComponent)"
        )
    }
}

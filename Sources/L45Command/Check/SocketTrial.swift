import Foundation
import NIOCore
import NIOPosix

/// Ports, tried for real.
enum SocketTrial {
    private static let patience = TimeAmount.seconds(3)

    /// Whether the port can be listened on; it is let go of at once.
    static func free(_ place: HostPort) async -> MachineFacts.Reach {
        await trial(place) {
            try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: place.host, port: place.port).get()
        }
    }

    /// Whether somebody listens there. Nothing is said to them.
    static func reached(_ place: HostPort) async -> MachineFacts.Reach {
        await trial(place) {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(patience)
                .connect(host: place.host, port: place.port).get()
        }
    }

    private static func trial(
        _ place: HostPort, _ open: () async throws -> any Channel
    ) async -> MachineFacts.Reach {
        do {
            let channel = try await open()
            try? await channel.close()
            return MachineFacts.Reach(place: "\(place)", obstacle: nil)
        } catch let error as IOError {
            return MachineFacts.Reach(place: "\(place)", obstacle: String(cString: strerror(error.errnoCode)))
        } catch let error as NIOConnectionError {
            let causes = error.connectionErrors.map {
                ($0.error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\($0.error)"
            }
            return MachineFacts.Reach(place: "\(place)", obstacle: causes.first ?? "its name is not known")
        } catch {
            return MachineFacts.Reach(place: "\(place)", obstacle: "\(error)")
        }
    }
}

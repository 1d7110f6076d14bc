import NIOCore
import Synchronization

/// Every connection of a server, greeted or not, so that a stop finds them all.
final class OpenChannels: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    var all: [any Channel] { channels.withLock { Array($0.values) } }

    /// Until it is closed.
    func insert(_ channel: any Channel) {
        let key = ObjectIdentifier(channel)
        channels.withLock { $0[key] = channel }
        channel.closeFuture.whenComplete { [weak self] _ in
            guard let self else { return }
            _ = self.channels.withLock { $0.removeValue(forKey: key) }
        }
    }
}

package import L45Model
import Synchronization

/// Exchanges that were seen and not told yet, on both sides. Bounded: of each path and side the newest are kept, and how many were
/// left out is told.
package final class ExchangeBook: Sendable {
    private struct Pages {
        var sent: [PathExchange] = []
        var arrived: [PathExchange] = []
        var leftOut: UInt64 = 0
    }

    /// Of one path, on one side.
    package static let perPathMax = 64

    private let pages = Mutex(Pages())
    private let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    package init() {}

    /// Something is to be told. For one consumer.
    package var stirred: AsyncStream<Void> { wakes }

    package func sent(_ exchanges: [PathExchange]) {
        guard !exchanges.isEmpty else { return }
        pages.withLock { pages in
            for exchange in exchanges { pages.leftOut += Self.add(exchange, to: &pages.sent) }
        }
        wake.yield()
    }

    package func arrived(_ exchange: PathExchange) {
        pages.withLock { pages in pages.leftOut += Self.add(exchange, to: &pages.arrived) }
        wake.yield()
    }

    /// What is to be told, once.
    package func take() -> PathExchanges {
        pages.withLock { pages in
            let told = PathExchanges(sent: pages.sent, arrived: pages.arrived, leftOut: pages.leftOut)
            pages = Pages()
            return told
        }
    }

    /// Nobody is there to be told: what both ends know at different times can not be compared.
    package func clear() { pages.withLock { $0 = Pages() } }

    /// - Returns: how many went for it.
    private static func add(_ exchange: PathExchange, to list: inout [PathExchange]) -> UInt64 {
        var gone: UInt64 = 0
        func isOfSame(_ other: PathExchange) -> Bool { other.path == exchange.path && other.opener == exchange.opener }
        if list.count(where: isOfSame) >= perPathMax, let oldest = list.firstIndex(where: isOfSame) {
            list.remove(at: oldest)
            gone += 1
        }
        if list.count >= PathExchanges.listMax {
            list.removeFirst()
            gone += 1
        }
        list.append(exchange)
        return gone
    }
}

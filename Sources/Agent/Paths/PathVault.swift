package import HiccupsGuard
package import L45Model
import Synchronization

/// The keys of paths on this device: what its probers sign with, what its responders accept, and the clock that both ends number
/// exchanges by. Asked from probing and answering threads.
package final class PathVault: PathSecrets {
    private struct State {
        var keys: PathKeys?
        var keyring = PathKeyring()
        /// Which path a key of the ring is of.
        var owners: [PathKey: Owner] = [:]
        /// What the orchestrator's clock said when this device's stood still at 0; nil: it has not said.
        var clock: (at: ContinuousClock.Instant, time: Timestamp)?
        var integrity: [PathName: PathIntegrity] = [:]
    }

    private struct Owner {
        let entry: PathKeyEntry
        let epoch: UInt64
    }

    private let state = Mutex(State())
    private let now: @Sendable () -> Timestamp
    /// What is told the orchestrator of single exchanges.
    package let book = ExchangeBook()

    package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    /// These keys and no others from now on.
    ///
    /// - Parameter isFresh: they come from the orchestrator, whose clock they bear, and not from the disk.
    package func take(_ keys: PathKeys?, isFresh: Bool) {
        state.withLock { state in
            state.keys = keys
            if isFresh, let keys { state.clock = (ContinuousClock.now, keys.sentAt) }
            (state.keyring, state.owners) = Self.ring(keys, epoch: PathKeySchedule.epoch(at: time(state)))
            let opened = Set((keys?.entries ?? []).filter(\.opens).map(\.path))
            state.integrity = state.integrity.filter { opened.contains($0.key) }
        }
    }

    /// Of the keys that are held; empty where there are none.
    package var tag: String { state.withLock { $0.keys?.tag ?? "" } }

    package var keyring: PathKeyring { state.withLock { $0.keyring } }

    package func integrity(_ path: PathName) -> PathIntegrity? { state.withLock { $0.integrity[path] } }

    /// By the orchestrator's clock, where it has said what that is. It then goes on by a clock that nobody sets.
    package var time: Timestamp { state.withLock { time($0) } }

    private func time(_ state: State) -> Timestamp {
        guard let clock = state.clock else { return now() }
        let passed = (ContinuousClock.now - clock.at).components
        return Timestamp(clock.time.rawValue + passed.seconds * 1000 + passed.attoseconds / 1_000_000_000_000_000)
    }

    // MARK: The prober's side

    package func signing(_ path: String) -> PathSigning {
        state.withLock { state in
            guard let entry = state.keys?.entries.first(where: { $0.opens && $0.path.rawValue == path }) else {
                return .plain("the orchestrator has given no key for it")
            }
            guard let key = entry.keys.last, let secret = PathKey(key.secret) else { return .plain(entry.whyPlain) }
            return .keyed(secret, epoch: key.epoch)
        }
    }

    package func slot() -> UInt64 { UInt64(max(0, time.rawValue / 1000)) / UInt64(TimeSlot.seconds) }

    package func looked(_ path: String, _ integrity: PathIntegrity, _ exchanges: [ProbeExchange]) {
        let name = PathName(path)
        let (time, opener) = state.withLock { state in
            var next = integrity
            let former = state.integrity[name]
            next.since = former?.kind == integrity.kind ? former?.since ?? now() : now()
            state.integrity[name] = next
            return (self.time(state), state.keys?.device)
        }
        guard let opener else { return }
        book.sent(
            exchanges.compactMap { exchange in
                guard let syn = Self.header(exchange.syn) else { return nil }
                return PathExchange(
                    path: name, opener: opener, at: time, syn: syn, status: exchange.status.map(Self.bits),
                    epoch: exchange.epoch)
            })
    }

    private static func bits(_ status: PerCarrier<Bool>) -> UInt8 {
        (status.isn ? 4 : 0) | (status.ipid ? 2 : 0) | (status.window ? 1 : 0)
    }

    /// Without data, which no view is about.
    private static func header(_ syn: HandshakePacket) -> [UInt8]? {
        guard let bytes = try? syn.wireBytes() else { return nil }
        return bytes.count <= PathExchange.synBytesMax ? bytes : nil
    }

    // MARK: The responder's side

    /// A probe came in. Those of strangers are nobody's business.
    package func saw(_ seen: HiccupsResponder.Seen) {
        let exchange = state.withLock { state -> PathExchange? in
            let owner = seen.key.flatMap { state.owners[$0] }
            if let key = seen.key { state.keyring.prefer(key, from: seen.syn.ip.source, to: seen.syn.ip.destination) }
            guard let entry = owner?.entry ?? Self.entry(for: seen.syn, in: state.keys),
                let syn = Self.header(seen.syn)
            else { return nil }
            return PathExchange(
                path: entry.path, opener: entry.opener, at: time(state), syn: syn, epoch: owner?.epoch)
        }
        if let exchange { book.arrived(exchange) }
    }

    /// The path that a SYN which no key was found for is likely of: by who sent it, and whom to.
    private static func entry(for syn: HandshakePacket, in keys: PathKeys?) -> PathKeyEntry? {
        let candidates = (keys?.entries ?? []).filter { entry in
            !entry.opens && entry.sources.contains { "\($0)" == "\(syn.ip.source)" }
        }
        return candidates.first { "\($0.probe)" == "\(syn.ip.destination)" && $0.port == syn.tcp.destinationPort }
            ?? candidates.first
    }

    /// - Parameter epoch: the present one: its keys are tried first.
    private static func ring(_ keys: PathKeys?, epoch: UInt64) -> (PathKeyring, [PathKey: Owner]) {
        var byPeer: [HostAddress: [PathKey]] = [:]
        var byPair: [PathKeyring.Pair: [PathKey]] = [:]
        var owners: [PathKey: Owner] = [:]
        for entry in keys?.entries ?? [] where !entry.opens {
            let sorted = entry.keys.sorted {
                ($0.epoch == epoch ? 1 : 0, $0.epoch) > ($1.epoch == epoch ? 1 : 0, $1.epoch)
            }
            let own = sorted.compactMap { key -> PathKey? in
                guard let secret = PathKey(key.secret) else { return nil }
                owners[secret] = Owner(entry: entry, epoch: key.epoch)
                return secret
            }
            // Without a key there is none to try, and the public functions are left.
            guard !own.isEmpty else { continue }
            for source in entry.sources {
                guard let address = HostAddress("\(source)") else { continue }
                byPeer[address, default: []] += own
                if let probe = HostAddress("\(entry.probe)") { byPair[PathKeyring.Pair(address, probe)] = own }
            }
        }
        return (PathKeyring(byPeer: byPeer, byPair: byPair), owners)
    }
}

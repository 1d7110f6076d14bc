import HiccupsGuard
import L45Model
import Synchronization
import Testing

@Suite("Looks under a path's key")
struct KeyedProberTests {
    /// What a story's prober is given, and what it was told.
    private final class Secrets: PathSecrets {
        private let signings: Mutex<[PathSigning]>
        private let heard = Mutex<[PathIntegrity]>([])

        /// - Parameter signings: for each time it is asked; the last one for all that follow.
        init(_ signings: [PathSigning]) { self.signings = Mutex(signings) }

        var told: [PathIntegrity] { heard.withLock { $0 } }
        func signing(_ path: String) -> PathSigning {
            signings.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? .plain("none") }
        }
        func slot() -> UInt64 { 1 }
        func looked(_ path: String, _ integrity: PathIntegrity, _ exchanges: [ProbeExchange]) {
            heard.withLock { $0.append(integrity) }
        }
    }

    private struct Silence: Error, CustomStringConvertible { let description = "it answers none of 3 SYNs" }

    private let path: GuardedPath
    private let changed = PathSight(changed: [.mss: [.forward]])

    init() throws {
        path = GuardedPath(
            name: "wan/10.2.0.0/24", destination: try #require(AddressBlock("10.2.0.0/24")), policy: PathPolicy(),
            farAgent: true)
    }

    private func key(_ byte: UInt8) throws -> PathKey {
        try #require(PathKey(Secret(Array(repeating: byte, count: 16))))
    }

    /// A prober whose looks see `keyed` under one of the keys, and `plain` under none.
    private func prober(
        _ secrets: Secrets, knows: [PathKey], keyed: PathSight? = PathSight(), plain: PathSight? = PathSight()
    ) -> KeyedProber {
        KeyedProber(secrets: secrets) { _, seal in
            guard let key = seal.key else {
                guard let plain else { throw Silence() }
                return plain
            }
            guard let keyed else { throw Silence() }
            return knows.contains(key) ? keyed : .blind
        }
    }

    @Test("A far end that holds the key vouches for what is seen, changed or not")
    func proven() async throws {
        let secrets = Secrets([.keyed(try key(1), epoch: 9)])
        let sight = try await prober(secrets, knows: [try key(1)], keyed: changed).look(at: path)
        #expect(sight == changed)
        #expect(secrets.told.map(\.kind) == [.keyed])
        #expect(secrets.told.first?.epoch == 9)
    }

    @Test("Who answers without the key, where it is agreed, is a forger: nothing that was seen counts")
    func forged() async throws {
        let secrets = Secrets([.keyed(try key(1), epoch: 9)])
        await #expect(throws: KeyedProber.Failure.self) { try await prober(secrets, knows: []).look(at: path) }
        #expect(secrets.told.map(\.kind) == [.forged])
        #expect(secrets.told.first?.reason.contains("epoch 9") == true)
    }

    @Test("A key that changed while it was looked at convicts nobody")
    func rotated() async throws {
        let secrets = Secrets([.keyed(try key(1), epoch: 9), .keyed(try key(2), epoch: 10)])
        _ = try await prober(secrets, knows: [try key(2)]).look(at: path)
        #expect(secrets.told.map(\.kind) == [.keyed])
        #expect(secrets.told.first?.epoch == 10)
    }

    @Test("A key that was withdrawn meanwhile leaves a plain look, with the reason")
    func withdrawn() async throws {
        let secrets = Secrets([.keyed(try key(1), epoch: 9), .plain("the far end is gone")])
        _ = try await prober(secrets, knows: []).look(at: path)
        #expect(secrets.told == [PathIntegrity(.plain, reason: "the far end is gone")])
    }

    @Test("Silence, and answers in no HICCUPS at all, are not called forged")
    func unproven() async throws {
        let silent = Secrets([.keyed(try key(1), epoch: 9)])
        await #expect(throws: Silence.self) { try await prober(silent, knows: [], keyed: nil).look(at: path) }
        #expect(silent.told.map(\.kind) == [.unproven])
        let deaf = Secrets([.keyed(try key(1), epoch: 9)])
        #expect(try await prober(deaf, knows: [], plain: .blind).look(at: path).isCapable == false)
        #expect(deaf.told.map(\.kind) == [.unproven])
    }

    @Test("A path without a key is looked at in plain, and says why")
    func plain() async throws {
        let secrets = Secrets([.plain("branch-1 takes no keys")])
        #expect(try await prober(secrets, knows: []).look(at: path) == PathSight())
        #expect(secrets.told == [PathIntegrity(.plain, reason: "branch-1 takes no keys")])
    }
}

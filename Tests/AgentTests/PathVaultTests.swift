import Agent
import Foundation
import L45Model
import Testing

@testable import HiccupsGuard

@Suite("Keys of paths on a device")
struct PathVaultTests {
    private static let here = DeviceID("00112233445566778899aabbccddeeff")
    private static let there = DeviceID("ffeeddccbbaa99887766554433221100")
    private let opened = PathName("wan/10.2.0.9")
    private let answered = PathName("lan/10.1.0.9")
    private let near: AddressBlock
    private let far: AddressBlock
    private let noon = Timestamp(20_000 * PathKeySchedule.epochMilliseconds + 43_200_000)
    private let vault: PathVault

    init() throws {
        near = try #require(AddressBlock("10.1.0.9"))
        far = try #require(AddressBlock("10.2.0.9"))
        vault = PathVault(now: { Timestamp(1) })
    }

    private func secret(_ byte: UInt8) -> Secret { Secret(Array(repeating: byte, count: PathKeySchedule.keyBytes)) }
    private func key(_ byte: UInt8) throws -> PathKey { try #require(PathKey(secret(byte))) }

    /// Opens one path, answers on another; `answers` are its epochs, the secret's bytes being their last digits.
    private func keys(signs epoch: UInt64? = 20_000, answers: [UInt64] = [19_999, 20_000, 20_001]) -> PathKeys {
        PathKeys(
            device: Self.here, tag: String(repeating: "0b", count: 16), sentAt: noon,
            entries: [
                PathKeyEntry(
                    path: opened, opener: Self.here, opens: true, sources: [near], probe: far, port: 4545,
                    keys: epoch.map { [EpochKey(epoch: $0, secret: secret(7))] } ?? [],
                    whyPlain: epoch == nil ? "branch-1 takes no keys" : ""),
                PathKeyEntry(
                    path: answered, opener: Self.there, opens: false, sources: [far], probe: near, port: 4545,
                    keys: answers.map { EpochKey(epoch: $0, secret: secret(UInt8($0 % 251))) }),
            ])
    }

    /// A SYN from the far device to this one, as a prober with that key sends it.
    private func syn(_ key: PathKey?, port: UInt16 = 40_000, from source: String = "10.2.0.9") throws -> HandshakePacket
    {
        guard case .v4(let from)? = HostAddress(source), case .v4(let to)? = HostAddress("10.1.0.9") else {
            throw Unreadable()
        }
        let template = HandshakePacket(
            ip: .v4(IPv4Header(source: from, destination: to)),
            tcp: TCPHeader(sourcePort: port, destinationPort: 4545))
        let functions = key.map { FragmentFunctions.keyed($0, exchange: vault.slot()) } ?? .plain
        return Initiator(template: template, functions: functions).open(PerCarrier(all: .noNAT), salt: 9)
    }
    private struct Unreadable: Error {}

    /// The responder reads it by what the vault holds.
    private func arrives(_ syn: HandshakePacket) throws -> HiccupsResponder.Seen {
        let answer = ProbeAnswer(to: syn, keys: vault.keyring, slot: vault.slot(), secret: try key(99))
        let seen = HiccupsResponder.Seen(
            syn: syn, reading: answer.reading, key: answer.reading.matches.count { $0 } >= 2 ? answer.key : nil)
        vault.saw(seen)
        return seen
    }

    @Test("The opener signs with the key that it was given, and without one says why")
    func signs() throws {
        #expect(vault.signing(opened.rawValue) == .plain("the orchestrator has given no key for it"))
        vault.take(keys(), isFresh: true)
        #expect(vault.signing(opened.rawValue) == .keyed(try key(7), epoch: 20_000))
        // It answers on that path, and opens none.
        #expect(vault.signing(answered.rawValue) == .plain("the orchestrator has given no key for it"))
        vault.take(keys(signs: nil), isFresh: true)
        #expect(vault.signing(opened.rawValue) == .plain("branch-1 takes no keys"))
    }

    @Test("While one key follows another the responder reads both, and says which path and epoch it was")
    func overlap() throws {
        vault.take(keys(), isFresh: true)
        for epoch in [UInt64(19_999), 20_000, 20_001] {
            let seen = try arrives(try syn(try key(UInt8(epoch % 251)), port: UInt16(epoch)))
            #expect(seen.key != nil, "epoch \(epoch)")
        }
        let told = vault.book.take().arrived
        #expect(told.map(\.epoch) == [19_999, 20_000, 20_001])
        #expect(told.allSatisfy { $0.path == answered && $0.opener == Self.there })
    }

    @Test("The key that was right last is the first to be tried: what can not be read is answered by it")
    func order() throws {
        vault.take(keys(), isFresh: true)
        let source = try #require(HostAddress("10.2.0.9"))
        let here = try #require(HostAddress("10.1.0.9"))
        #expect(vault.keyring.candidates(from: source, to: here).first == (try key(UInt8(20_000 % 251))))
        _ = try arrives(try syn(try key(UInt8(19_999 % 251))))
        #expect(vault.keyring.candidates(from: source, to: here).first == (try key(UInt8(19_999 % 251))))
    }

    @Test("A SYN of a known peer that no key reads is told as plain; one of a stranger is nobody's business")
    func plain() throws {
        vault.take(keys(), isFresh: true)
        #expect(try arrives(try syn(nil)).key == nil)
        _ = try arrives(try syn(nil, from: "203.0.113.5"))
        let told = vault.book.take().arrived
        #expect(told.map(\.path) == [answered])
        #expect(told.first?.epoch == nil)
    }

    @Test("Exchanges are numbered by the orchestrator's clock, whatever the device's own says")
    func clock() {
        #expect(vault.time == Timestamp(1))
        vault.take(keys(), isFresh: false)
        #expect(vault.time == Timestamp(1))
        vault.take(keys(), isFresh: true)
        #expect((noon...noon + .seconds(60)).contains(vault.time))
        #expect(vault.slot() >= UInt64(noon.rawValue / 10_000))
    }

    @Test("With the keys goes what was said of their paths")
    func forgets() throws {
        vault.take(keys(), isFresh: true)
        vault.looked(opened.rawValue, PathIntegrity(.keyed, epoch: 20_000), [])
        #expect(vault.integrity(opened)?.kind == .keyed)
        vault.take(nil, isFresh: true)
        #expect(vault.integrity(opened) == nil)
        #expect(vault.keyring.isEmpty && vault.tag == "")
        #expect(vault.signing(opened.rawValue) == .plain("the orchestrator has given no key for it"))
    }

    @Test("Of a path under a flood of probes the newest exchanges are told, and how many are not; others keep theirs")
    func flood() {
        let book = ExchangeBook()
        func exchange(_ path: PathName, _ at: Int64) -> PathExchange {
            PathExchange(path: path, opener: Self.there, at: Timestamp(at), syn: [0x45])
        }
        book.arrived(exchange(opened, 1))
        for at in 0..<1000 { book.arrived(exchange(answered, Int64(at))) }
        let told = book.take()
        #expect(told.arrived.count == ExchangeBook.perPathMax + 1)
        #expect(told.arrived.last?.at == Timestamp(999))
        #expect(told.leftOut == UInt64(1000 - ExchangeBook.perPathMax))
        #expect(book.take() == PathExchanges())
    }
}

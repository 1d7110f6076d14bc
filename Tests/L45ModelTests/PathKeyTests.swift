import L45Model
import Testing

@Suite("Keys of paths")
struct PathKeyTests {
    private let root = Secret(Array(repeating: 5, count: 32))
    private let web = DeviceID("00112233445566778899aabbccddeeff")
    private let edge = DeviceID("ffeeddccbbaa99887766554433221100")

    private let path = PathName("wan/10.2.0.0/24")

    private func key(
        _ path: String = "wan/10.2.0.0/24", _ opener: String = "a", _ far: String = "b", epoch: UInt64 = 1,
        root: UInt8 = 5
    ) -> Secret {
        PathKeySchedule.key(
            root: Secret(Array(repeating: root, count: 32)), path: PathName(path), from: DeviceID(opener),
            to: DeviceID(far), epoch: epoch)
    }

    @Test("The same path and epoch give the same key, so that nothing of it need be stored")
    func again() {
        let key = PathKeySchedule.key(root: root, path: path, from: web, to: edge, epoch: 20_000)
        #expect(key == PathKeySchedule.key(root: root, path: path, from: web, to: edge, epoch: 20_000))
        #expect(key.bytes.count == PathKeySchedule.keyBytes)
    }

    @Test("Another path, opener, far device, epoch or orchestrator: another key")
    func distinct() {
        let keys = [
            key(), key("lan/10.2.0.0/24"), key("wan/10.2.0.0/25"), key("wan/10.2.0.0/24", "c"),
            key("wan/10.2.0.0/24", "a", "c"), key("wan/10.2.0.0/24", "b", "a"), key(epoch: 2), key(root: 6),
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test("Names that only look alike when put together have keys of their own")
    func boundaries() {
        #expect(key("wan", "a", "bc") != key("wan", "ab", "c"))
        #expect(key("wana", "b", "c") != key("wan", "ab", "c"))
    }

    @Test("Nothing that holds a key shows it: not as text, not to a debugger, not to dump")
    func silence() throws {
        let secret = Secret((0..<16).map { UInt8(0xa0 + $0) })
        let entry = PathKeyEntry(
            path: path, opener: web, opens: true, sources: [], probe: try #require(AddressBlock("10.2.0.9")),
            port: 4545,
            keys: [EpochKey(epoch: 3, secret: secret)])
        let keys = PathKeys(device: web, tag: "", sentAt: Timestamp(1), entries: [entry])
        for value in [secret, entry.keys[0], entry, keys, [entry], ["k": secret]] as [Any] {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(describing: value), String(reflecting: value), dumped] {
                #expect(!text.lowercased().contains("a1a2"), "\(text)")
                #expect(!text.contains("161, 162") && !text.contains("161\n"), "\(text)")
            }
        }
        #expect("\(entry)" == "opens wan/10.2.0.0/24: keys of epochs 3")
    }

    @Test("Devices whose clocks differ by less than a day have an epoch in common")
    func epochs() {
        let noon = Timestamp(1_700_000_000_000)
        for shift in stride(from: Int64(-86_399_999), through: 86_399_999, by: 21_599_999) {
            let other = Timestamp(noon.rawValue + shift)
            #expect(PathKeySchedule.epochs(at: noon).contains(PathKeySchedule.epoch(at: other)), "\(shift) ms")
        }
        #expect(PathKeySchedule.epochs(at: Timestamp(0)) == 0...1)
        #expect(PathKeySchedule.epoch(at: Timestamp(-5)) == 0)
    }
}

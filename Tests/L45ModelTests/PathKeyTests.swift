import L45Model
import Testing

@Suite("Keys of paths")
struct PathKeyTests {
    private let root = Secret(Array(repeating: 5, count: 32))
    private let web = DeviceID("00112233445566778899aabbccddeeff")
    private let edge = DeviceID("ffeeddccbbaa99887766554433221100")

    @Test("Both ends of a path are given the same key, whoever is named first")
    func symmetric() {
        let key = PathKeySchedule.key(root: root, between: web, and: edge, epoch: 20_000)
        #expect(key == PathKeySchedule.key(root: root, between: edge, and: web, epoch: 20_000))
        #expect(key.bytes.count == PathKeySchedule.keyBytes)
    }

    @Test("Another device, another epoch, another orchestrator: another key")
    func distinct() {
        let third = DeviceID("00112233445566778899aabbccddeefe")
        let keys = [
            PathKeySchedule.key(root: root, between: web, and: edge, epoch: 1),
            PathKeySchedule.key(root: root, between: web, and: edge, epoch: 2),
            PathKeySchedule.key(root: root, between: web, and: third, epoch: 1),
            PathKeySchedule.key(root: root, between: edge, and: third, epoch: 1),
            PathKeySchedule.key(root: Secret(Array(repeating: 6, count: 32)), between: web, and: edge, epoch: 1),
        ]
        #expect(Set(keys).count == keys.count)
    }

    @Test("Names that only look alike when put together have keys of their own")
    func boundaries() {
        let one = PathKeySchedule.key(root: root, between: DeviceID("a"), and: DeviceID("bc"), epoch: 1)
        let other = PathKeySchedule.key(root: root, between: DeviceID("ab"), and: DeviceID("c"), epoch: 1)
        #expect(one != other)
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

import L45Model

/// Some devices of one fleet, by their places in it: whether two sets meet is asked of many thousand pairs of flows.
struct DeviceSet: Sendable {
    /// Bit n % 64 of word n / 64 stands for place n; empty words at the end are left out.
    private var words: [UInt64] = []
    private(set) var isEmpty = true

    /// - Parameter places: of the fleet's devices; a device that has none is left out.
    init(_ devices: [Device], _ places: [DeviceID: Int]) {
        for device in devices {
            if let place = places[device.id] { insert(place) }
        }
    }

    private init(words: [UInt64]) {
        self.words = words
        isEmpty = words.allSatisfy { $0 == 0 }
    }

    private mutating func insert(_ place: Int) {
        if words.count <= place / 64 { words += Array(repeating: 0, count: place / 64 + 1 - words.count) }
        words[place / 64] |= 1 << UInt64(place % 64)
        isEmpty = false
    }

    func meets(_ other: DeviceSet) -> Bool {
        for at in 0..<min(words.count, other.words.count) where words[at] & other.words[at] != 0 { return true }
        return false
    }

    func intersection(_ other: DeviceSet) -> DeviceSet { DeviceSet(words: zip(words, other.words).map { $0 & $1 }) }

    mutating func formUnion(_ other: DeviceSet) {
        if words.count < other.words.count { words += Array(repeating: 0, count: other.words.count - words.count) }
        for at in other.words.indices { words[at] |= other.words[at] }
        isEmpty = isEmpty && other.isEmpty
    }

    /// Ascending.
    var places: [Int] {
        words.indices.flatMap { at in (0..<64).filter { words[at] >> UInt64($0) & 1 != 0 }.map { at * 64 + $0 } }
    }
}

import L45Model

/// What the taps have room for. The agent of a tap that is told to hold more refuses the whole table, and then no flow of
/// that device could go on: so none is told to.
///
/// The compiler leaves room for each module's next edition. A third one comes about where editions follow each other
/// faster than they drain, as when a device is away: it waits, and the flow comes to one that it has until there is room.
struct Room {
    private let devices: [DeviceStanding]
    private let rulesMax: Int
    /// By device: whatever the flows decide, it fits.
    private let roomy: [Bool]
    /// By device: rules of its table as far as flows were looked at; nil: as it was.
    private var taken: [Int?]

    init(_ devices: [DeviceStanding], rulesMax: Int) {
        self.devices = devices
        self.rulesMax = rulesMax
        taken = Array(repeating: nil, count: devices.count)
        // A pass adds no module and no remote but those of the plan.
        roomy = devices.map { device in
            device.atRest
                || Self.rules(device.base) + device.wanted.reduce(0) { $0 + $1.tapSocket.rules } <= rulesMax
        }
    }

    /// The places of members whose next entries do not fit beside what the flows before this one were given.
    mutating func lacking(_ rotation: Rotation) -> [Int] {
        rotation.next.indices.filter { at in
            guard !roomy[rotation.next[at].device] else { return false }
            let grows = Self.growth(rotation, at)
            return grows > 0 && taken(rotation.next[at].device) + grows > rulesMax
        }
    }

    /// Books what the rotation's members take.
    mutating func take(_ rotation: Rotation) {
        for at in rotation.next.indices where !roomy[rotation.next[at].device] {
            let grows = Self.growth(rotation, at)
            if grows != 0 { taken[rotation.next[at].device] = taken(rotation.next[at].device) + grows }
        }
    }

    private mutating func taken(_ device: Int) -> Int {
        if let known = taken[device] { return known }
        let rules = Self.rules(devices[device].base)
        taken[device] = rules
        return rules
    }

    private static func growth(_ rotation: Rotation, _ at: Int) -> Int {
        rules(rotation.next[at].entries) - rules(rotation.flow.members[at].entries)
    }

    private static func rules(_ entries: [ModuleEntry]) -> Int {
        entries.indices.reduce(0) { $0 + entries[$1].plan.tapSocket.rules }
    }
}

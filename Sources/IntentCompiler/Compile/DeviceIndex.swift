import L45Model

/// The fleet by labels, so that a selector looks at the devices that can match and not at every one: a thousand intents
/// over ten thousand devices are twenty million questions otherwise.
struct DeviceIndex {
    /// Sorted by id.
    private(set) var devices: [Device]
    /// Devices without a tap.
    private(set) var tapless: [Device]
    /// By label and value: places in `devices`, ascending.
    private var places: [String: [String: [Int]]] = [:]
    /// The place of each device in `devices`.
    let numbers: [DeviceID: Int]

    /// - Parameter devices: sorted by id.
    init(_ devices: [Device]) {
        self.devices = devices
        tapless = devices.filter(\.facts.taps.isEmpty)
        numbers = Dictionary(devices.indices.map { (devices[$0].id, $0) }, uniquingKeysWith: { first, _ in first })
        for at in devices.indices {
            for (label, value) in devices[at].facts.labels {
                places[label, default: [:]][value, default: []].append(at)
            }
        }
    }

    /// Takes up what a device of the fleet has become.
    mutating func replace(_ device: Device) {
        guard let at = numbers[device.id] else { return }
        let old = devices[at].facts
        devices[at] = device
        for (label, value) in old.labels where device.facts.labels[label] != value {
            places[label]?[value]?.removeAll { $0 == at }
        }
        for (label, value) in device.facts.labels where old.labels[label] != value {
            let before = places[label]?[value] ?? []
            let place = before.firstIndex { $0 > at } ?? before.count
            places[label, default: [:]][value, default: []].insert(at, at: place)
        }
        if old.taps.isEmpty || device.facts.taps.isEmpty { tapless = devices.filter { $0.facts.taps.isEmpty } }
    }

    /// The devices that meet every requirement, sorted by id.
    func select(_ selector: LabelSelector) -> [Device] {
        var fewest: [Int]?
        for requirement in selector.requirements {
            guard case .isOne(let values) = requirement.rule else { continue }
            let byValue = places[requirement.label] ?? [:]
            let count = Set(values).reduce(0) { $0 + (byValue[$1]?.count ?? 0) }
            if count < fewest?.count ?? .max { fewest = Set(values).flatMap { byValue[$0] ?? [] } }
        }
        guard let fewest else { return devices.filter { selector.matches($0.facts.labels) } }
        return fewest.filter { selector.matches(devices[$0].facts.labels) }.sorted().map { devices[$0] }
    }
}

import L45Model

/// The fleet by labels, so that a selector looks at the devices that can match and not at every one: a thousand intents
/// over ten thousand devices are twenty million questions otherwise.
struct DeviceIndex {
    /// Sorted by id.
    let devices: [Device]
    /// Devices without a tap.
    let tapless: [Device]
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

import L45Model

/// Enrolled devices by id and by name: which one a declaration means.
struct EnrolledRoll {
    private let byID: [DeviceID: Device]
    private let byName: [String: [Device]]

    init(_ devices: [Device]) {
        byID = Dictionary(devices.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        byName = Dictionary(grouping: devices, by: \.facts.name)
    }

    /// - Returns: nil where none is enrolled, or two say the name.
    func match(_ declaration: DeclaredDevice) -> Device? {
        if let id = declaration.id { return byID[id] }
        let fits = byName[declaration.name] ?? []
        return fits.count == 1 ? fits.first : nil
    }

    /// nil: at most one says the name, or the id tells.
    func doubt(about declaration: DeclaredDevice) -> String? {
        let fits = byName[declaration.name] ?? []
        guard declaration.id == nil, fits.count > 1 else { return nil }
        let ids = fits.map { String($0.id.rawValue.prefix(12)) }.sorted().joined(separator: ", ")
        return "device '\(declaration.name)': \(fits.count) devices say this name (\(ids)); give its id to say which"
    }

    subscript(id: DeviceID) -> Device? { byID[id] }
}

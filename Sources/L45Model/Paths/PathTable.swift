/// Gates that one device has for connections that another one opens to it: the other has asked for them.
package struct AcceptedGates: Hashable, Codable, Sendable {
    /// The opener's path.
    package var path: PathName
    package var opener: DeviceID
    /// The opener's addresses. Sorted.
    package var sources: [AddressBlock]
    /// The path's destination: what the opener opens to. nil in what an earlier release stored or sent, which did not say.
    package var destination: AddressBlock?
    /// Sorted.
    package var gates: [PathGate]

    package init(
        path: PathName, opener: DeviceID, sources: [AddressBlock], destination: AddressBlock?, gates: [PathGate]
    ) {
        self.path = path
        self.opener = opener
        self.sources = sources
        self.destination = destination
        self.gates = gates.sorted()
    }
}

/// All that a device is told of paths, beside its `DeviceTable`: a whole state, fenced by a generation of its own, so that a
/// path that changes moves no module.
package struct PathTable: Hashable, Codable, Sendable {
    package let device: DeviceID
    package let generation: Generation
    /// Sorted by name.
    package let paths: [PathPlan]
    /// Sorted by port.
    package let answers: [PathAnswer]
    /// Sorted by opener and path.
    package let accepted: [AcceptedGates]

    package static let pathsMax = 256
    package static let answersMax = 16
    package static let acceptedMax = 4096

    package init(
        device: DeviceID, generation: Generation, paths: [PathPlan], answers: [PathAnswer] = [],
        accepted: [AcceptedGates] = []
    ) {
        self.device = device
        self.generation = generation
        self.paths = paths.sorted { $0.name < $1.name }
        self.answers = answers.sorted { $0.port < $1.port }
        self.accepted = accepted.sorted { ($0.opener, $0.path) < ($1.opener, $1.path) }
    }

    package var isEmpty: Bool { paths.isEmpty && answers.isEmpty && accepted.isEmpty }

    /// The same state under another generation.
    package func renumbered(_ generation: Generation) -> PathTable {
        PathTable(device: device, generation: generation, paths: paths, answers: answers, accepted: accepted)
    }

    package func asksForTheSame(as other: PathTable) -> Bool { renumbered(other.generation) == other }
}

/// What one path is asked: a search that chooses by what was answered, or each of some types once.
enum Questions: Sendable {
    case search(Interrogation)
    case list(left: ArraySlice<Coverage>, readings: [ReplyReading])

    init(_ options: ProbeOptions) {
        self =
            options.covers.isEmpty
            ? .search(Interrogation(options.strategy)) : .list(left: options.covers[...], readings: [])
    }

    /// The types for the next SYN; nil at the end.
    var next: PerCarrier<Coverage>? {
        switch self {
        case .search(let interrogation): interrogation.next
        case .list(let left, _): left.first.map { PerCarrier(all: $0) }
        }
    }

    mutating func record(_ reading: ReplyReading) {
        switch self {
        case .search(var interrogation):
            interrogation.record(reading)
            self = .search(interrogation)
        case .list(let left, let readings): self = .list(left: left.dropFirst(), readings: readings + [reading])
        }
    }

    /// SYNs that were answered.
    var exchanges: Int {
        switch self {
        case .search(let interrogation): interrogation.exchanges
        case .list(_, let readings): readings.count
        }
    }

    var knowledge: PathKnowledge {
        switch self {
        case .search(let interrogation): interrogation.knowledge
        case .list(_, let readings): PathKnowledge(readings)
        }
    }
}

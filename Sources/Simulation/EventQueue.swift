/// What is to happen, by virtual time; of two things at one instant the one that was put first comes first.
struct EventQueue<Event> {
    private struct Entry {
        let at: Int64
        let order: UInt64
        let event: Event

        static func < (a: Entry, b: Entry) -> Bool { a.at == b.at ? a.order < b.order : a.at < b.at }
    }
    /// A binary heap.
    private var heap: [Entry] = []
    private var order: UInt64 = 0

    var count: Int { heap.count }

    mutating func put(_ event: Event, at time: Int64) {
        order += 1
        heap.append(Entry(at: time, order: order, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (at: Int64, event: Event)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return (first.at, first.event) }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                least = child
            }
            if least == parent { break }
            heap.swapAt(parent, least)
            parent = least
        }
        return (first.at, first.event)
    }
}

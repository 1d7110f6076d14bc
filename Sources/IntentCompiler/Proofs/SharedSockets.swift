import L45Model

/// Flows of which some device may read both from one socket.
struct SharedSockets {
    struct Pair: Hashable, Comparable {
        /// Sorted.
        let first: FlowName
        let second: FlowName
        static func < (a: Pair, b: Pair) -> Bool { (a.first, a.second) < (b.first, b.second) }
    }

    private struct End: Hashable {
        let flow: FlowName
        let role: ModulePlan.Role
    }

    private struct Ends: Hashable {
        let first: Int
        let second: Int
    }

    /// Numbers of ends, in the order in which they were met.
    private var numbers: [End: Int] = [:]
    private var looked: Set<Ends> = []
    private var met: Set<Pair> = []

    /// Pairs of which one flow at least is of `intents`, sorted.
    static func pairs(in plans: [DevicePlan], of intents: Set<IntentName>) -> [Pair] {
        var sockets = SharedSockets()
        for plan in plans where plan.modules.contains(where: { intents.contains($0.intent) }) {
            sockets.add(plan, intents)
        }
        return sockets.met.sorted()
    }

    private init() {}

    private mutating func add(_ plan: DevicePlan, _ intents: Set<IntentName>) {
        let modules = plan.modules.filter { $0.dialect != .monitor && $0.receives }
        let ends = modules.map { number(of: End(flow: $0.flow, role: $0.role)) }
        for (at, one) in modules.enumerated() {
            let isOne = intents.contains(one.intent)
            for next in (at + 1)..<max(modules.count, at + 1) {
                let other = modules[next]
                guard one.flow != other.flow, isOne || intents.contains(other.intent) else { continue }
                // A flow's socket is the same on every device of a role: two ends are looked at once.
                let both = Ends(first: min(ends[at], ends[next]), second: max(ends[at], ends[next]))
                guard looked.insert(both).inserted, Overlap.overlap(one.tapSocket, other.tapSocket) else { continue }
                met.insert(Pair(first: min(one.flow, other.flow), second: max(one.flow, other.flow)))
            }
        }
    }

    private mutating func number(of end: End) -> Int {
        if let known = numbers[end] { return known }
        numbers[end] = numbers.count
        return numbers.count - 1
    }
}

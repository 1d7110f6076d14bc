import CL45Core
import CL45Tap
package import KernelTap
package import L45Model
import Synchronization

/// A tap with traffic: what programs send goes through the engine itself (CL45Core), by the rules that the real taps are
/// given.
///
/// Choosing and judging follow the user-space tap (`datagram_send.c`, `datagram_recv.c`, `stream_open.c`,
/// `stream_send.c`). Ports and peers are matched, names of programs are not: each flow here has a port of its own. It
/// outlives its agent.
package final class DialectTap: Tap {
    package let kind = TapKind.simulated
    /// Keeps the tables, and what is shown of them.
    private let tables = SimulatedTap()
    let state = Mutex(State())

    struct State: Sendable {
        /// By rank within a port; those of any port under 0.
        var rules: [UInt16: [PreparedRule]] = [:]
        /// Grows with every change of the rules: streams look again then.
        var sequence = 0
        /// Peers whose last request came in a dialect, by group.
        var speakers: [Speaker: Bool] = [:]
        var reports: [ModuleID: ModuleReport] = [:]
        /// Ends of open connections.
        var streams: [Int: StreamEnd] = [:]
        /// What the rules came from; for the judge alone.
        var entries: [ModuleEntry] = []
        /// What of it is understood; nil: nobody has asked yet.
        var understood: Set<DialectEdition>?
        /// Modules that were taken off by hand since the last publication.
        var isMaimed = false

        mutating func note(_ id: ModuleID, _ change: (inout ModuleReport) -> Void) {
            change(&reports[id, default: ModuleReport(id: id, state: .standby)])
        }

        /// Those of this port and those of any, in their order.
        func rules(port: UInt16) -> [PreparedRule] {
            let own = rules[port] ?? []
            guard port != 0, let others = rules[0] else { return own }
            return (own + others).sorted(by: PreparedRule.comesFirst)
        }
    }
    struct Speaker: Hashable, Sendable {
        let peer: PeerAddress
        let group: UInt64
    }

    package init() {}

    package func check(_ table: DeviceTable) throws(TapError) { try tables.check(table) }

    package func publish(_ table: DeviceTable) throws(TapError) {
        try tables.publish(table)
        let rules = try RuleTable.rules(of: table)
        state.withLock { state in
            var codecs: [ModuleID: PreparedCodec] = [:]
            for rule in state.rules.values.joined() { codecs[rule.module] = rule.codec }
            let prepared = rules.compactMap { PreparedRule($0, reusing: codecs[ModuleID($0.mod_id)]) }
            state.rules = Dictionary(grouping: prepared, by: \.port)
                .mapValues { $0.sorted(by: PreparedRule.comesFirst) }
            state.sequence += 1
            state.isMaimed = false
            state.entries = table.modules
            state.understood = nil
            let ids = Set(table.modules.map(\.plan.id))
            state.reports = state.reports.filter { ids.contains($0.key) }
        }
    }

    package func read() throws(TapError) -> TapReading {
        var reading = try tables.read()
        state.withLock { state in
            if state.isMaimed {
                let ids = Set(state.rules.values.joined().map(\.module))
                reading.modules.removeAll { !ids.contains($0.id) }
            }
            let spoken = state.streamsByModule
            for at in reading.modules.indices {
                let id = reading.modules[at].id
                reading.modules[at].streamsInDialect = spoken[id] ?? 0
                guard let known = state.reports[id] else { continue }
                reading.modules[at].activeAt = known.activeAt
                reading.modules[at].sentAt = known.sentAt
                reading.modules[at].receivedAt = known.receivedAt
                reading.modules[at].statistics = known.statistics
            }
        }
        return reading
    }

    package var answersChallenges: Bool { tables.answersChallenges }

    package func answer(_ challenge: [UInt8], by module: ModuleID) throws(TapError) -> TapAnswer {
        try tables.answer(challenge, by: module)
    }

    // MARK: Faults

    /// As if a call that began under the present table did not end.
    package func hold() { tables.hold() }
    package func release() { tables.release() }
    package func failPublish(with fault: TapError?) { tables.failPublish(with: fault) }
    package func failRead(with fault: TapError?) { tables.failRead(with: fault) }
    /// The tap outlives the agent: it holds rules, and the tables that they came from are forgotten.
    package func agentDied() { tables.loseTables() }

    /// The device was booted.
    package func wipe() {
        tables.wipe()
        state.withLock { $0 = State() }
    }

    /// Somebody takes a module off by hand.
    /// - Returns: whether there was one.
    package func takeOff(using random: inout SeededRandom) -> Bool {
        let draw = random.next()
        return state.withLock { state in
            let ids = Set(state.rules.values.joined().map(\.module)).sorted()
            guard !ids.isEmpty else { return false }
            let id = ids[Int(draw % UInt64(ids.count))]
            state.rules = state.rules.mapValues { $0.filter { $0.module != id } }
            state.sequence += 1
            state.isMaimed = true
            return true
        }
    }

    // MARK: What the judge may see

    package var published: Generation { tables.publishedGeneration }
    package var entries: [ModuleEntry] { state.withLock { $0.entries } }
    package var isMaimed: Bool { state.withLock { $0.isMaimed } }
    var understood: Set<DialectEdition> {
        state.withLock { state in
            if let known = state.understood { return known }
            let understood = Set(state.entries.lazy.filter { $0.state != .deactivated }.map { DialectEdition($0.plan) })
            state.understood = understood
            return understood
        }
    }
}

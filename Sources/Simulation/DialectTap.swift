import CL45Core
import CL45Tap
package import KernelTap
package import L45Model
import Synchronization

/// A tap with traffic: datagrams go through the engine itself (CL45Core), by the rules that the real taps are given.
///
/// Choosing and judging follow the user-space tap (`datagram_send.c`, `datagram_recv.c`). It outlives its agent.
package final class DialectTap: Tap {
    package let kind = TapKind.simulated
    /// Keeps the tables, and what is shown of them.
    private let tables = SimulatedTap()
    private let state = Mutex(State())

    /// One rule, its codec made ready.
    private struct Prepared {
        let rule: l45_tap_rule
        let codec: l45_codec
        var isServer: Bool { rule.flags & L45_TAP_SERVER.rawValue != 0 }

        func carries(outgoing: Bool) -> Bool {
            rule.flags & (isServer == outgoing ? L45_TAP_RESPONSES.rawValue : L45_TAP_REQUESTS.rawValue) != 0
        }
        func direction(outgoing: Bool) -> l45_direction { isServer == outgoing ? L45_RESPONSE : L45_REQUEST }
        func isFor(_ peer: AddressBlock) -> Bool {
            var rule = rule
            return withUnsafeBytes(of: &rule.remote.address) { address in
                let bits = Int(rule.remote.prefix_bits)
                return zip(address, peer.bytes).prefix((bits + 7) / 8).enumerated().allSatisfy { at, pair in
                    let shift = max(0, 8 * (at + 1) - bits)
                    return (pair.0 ^ pair.1) >> UInt8(shift) == 0
                }
            }
        }
    }

    private struct State {
        /// By rank.
        var rules: [Prepared] = []
        /// Peers whose last request came in a dialect, by group.
        var speakers: [Speaker: Bool] = [:]
        var reports: [ModuleID: ModuleReport] = [:]
        /// What the rules came from; for the judge alone.
        var entries: [ModuleEntry] = []
        /// Modules that were taken off by hand since the last publication.
        var isMaimed = false

        mutating func note(_ id: ModuleID, _ change: (inout ModuleReport) -> Void) {
            var report = reports[id] ?? ModuleReport(id: id, state: .standby)
            change(&report)
            reports[id] = report
        }
    }
    private struct Speaker: Hashable {
        let peer: AddressBlock
        let group: UInt64
    }

    package init() {}

    package func check(_ table: DeviceTable) throws(TapError) { try tables.check(table) }

    package func publish(_ table: DeviceTable) throws(TapError) {
        try tables.publish(table)
        let rules = try RuleTable.rules(of: table)
        state.withLock { state in
            state.rules = Self.prepared(rules)
            state.isMaimed = false
            state.entries = table.modules
            let ids = Set(table.modules.map(\.plan.id))
            state.reports = state.reports.filter { ids.contains($0.key) }
        }
    }

    package func read() throws(TapError) -> TapReading {
        var reading = try tables.read()
        state.withLock { state in
            if state.isMaimed {
                let ids = Set(state.rules.map { ModuleID($0.rule.mod_id) })
                reading.modules.removeAll { !ids.contains($0.id) }
            }
            for at in reading.modules.indices {
                guard let known = state.reports[reading.modules[at].id] else { continue }
                reading.modules[at].activeAt = known.activeAt
                reading.modules[at].sentAt = known.sentAt
                reading.modules[at].receivedAt = known.receivedAt
                reading.modules[at].statistics = known.statistics
            }
        }
        return reading
    }

    private static func prepared(_ rules: [l45_tap_rule]) -> [Prepared] {
        let ranks: [UInt32: Int] = [
            L45_TAP_ACTIVE.rawValue: 0, L45_TAP_STANDBY.rawValue: 1, L45_TAP_DEPRECATED.rawValue: 2,
            L45_TAP_DEACTIVATED.rawValue: 3,
        ]
        return rules.compactMap { rule -> Prepared? in
            var dialect = rule.dialect
            var codec = l45_codec()
            guard l45_codec_prepare(&codec, &dialect) == 0 else { return nil }
            return Prepared(rule: rule, codec: codec)
        }
        .sorted {
            let a = ranks[UInt32($0.rule.state)] ?? 9
            let b = ranks[UInt32($1.rule.state)] ?? 9
            return a == b ? $0.rule.priority > $1.rule.priority : a < b
        }
    }

    // MARK: Traffic

    /// What leaves the device when a program sends `message` to `peer`.
    /// - Parameter answering: the program is the server of the conversation.
    package func send(_ message: [UInt8], to peer: AddressBlock, answering: Bool, at now: Timestamp) -> [UInt8] {
        state.withLock { state in
            let chosen = state.rules.first { prepared in
                guard prepared.isServer == answering, UInt32(prepared.rule.state) == L45_TAP_ACTIVE.rawValue,
                    UInt32(prepared.rule.dialect.kind) == L45_DATAGRAM.rawValue, prepared.carries(outgoing: true),
                    prepared.isFor(peer)
                else { return false }
                // A server that takes requests in the dialect answers in kind.
                return !answering || !prepared.carries(outgoing: false)
                    || state.speakers[Speaker(peer: peer, group: prepared.rule.group)] ?? false
            }
            guard let chosen else { return message }
            var codec = chosen.codec
            var wire = [UInt8](repeating: 0, count: message.count + Int(L45_TAG_BYTES_MAX))
            let count = l45_datagram_encode(
                &codec, chosen.direction(outgoing: true), message, message.count, &wire, wire.count)
            guard count > 0 else { return message }
            let id = ModuleID(chosen.rule.mod_id)
            state.note(id) { report in
                report.sentAt = now
                report.activeAt = now
                report.statistics.messagesSent += 1
                report.statistics.bytesSent += UInt64(message.count)
            }
            return Array(wire.prefix(count))
        }
    }

    /// What becomes of a message that arrives.
    package enum Arrival: Hashable, Sendable {
        /// Handed to the program: decoded by a module, or as it came.
        case delivered([UInt8], by: ModuleID?)
        /// Dropped because it came plain.
        case dropped(by: ModuleID)
    }

    /// - Parameter answering: the program that it is for is the server of the conversation.
    package func receive(_ wire: [UInt8], from peer: AddressBlock, answering: Bool, at now: Timestamp) -> Arrival {
        state.withLock { state in
            let readers = state.rules.filter {
                $0.isServer == answering && UInt32($0.rule.state) != L45_TAP_DEACTIVATED.rawValue
                    && UInt32($0.rule.dialect.kind) == L45_DATAGRAM.rawValue && $0.carries(outgoing: false)
                    && $0.isFor(peer)
            }
            for reader in readers {
                var codec = reader.codec
                var message = wire
                let count = l45_datagram_decode(&codec, reader.direction(outgoing: false), &message, message.count)
                guard count >= 0 else { continue }
                let id = ModuleID(reader.rule.mod_id)
                if answering { state.speakers[Speaker(peer: peer, group: reader.rule.group)] = true }
                state.note(id) { report in
                    report.receivedAt = now
                    report.activeAt = now
                    report.statistics.messagesReceived += 1
                    report.statistics.bytesReceived += UInt64(count)
                }
                return .delivered(Array(message.prefix(count)), by: id)
            }
            if answering {
                for reader in readers { state.speakers[Speaker(peer: peer, group: reader.rule.group)] = false }
            }
            if let enforcing = readers.first(where: { $0.rule.flags & L45_TAP_ENFORCE.rawValue != 0 }) {
                let id = ModuleID(enforcing.rule.mod_id)
                state.note(id) { $0.statistics.dropped += 1 }
                return .dropped(by: id)
            }
            return .delivered(wire, by: nil)
        }
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
            let ids = Set(state.rules.map(\.rule.mod_id)).sorted()
            guard !ids.isEmpty else { return false }
            let id = ids[Int(draw % UInt64(ids.count))]
            state.rules.removeAll { $0.rule.mod_id == id }
            state.isMaimed = true
            return true
        }
    }

    // MARK: What the judge may see

    package var published: Generation { ((try? tables.read())?.published) ?? .none }
    package var entries: [ModuleEntry] { state.withLock { $0.entries } }
    package var isMaimed: Bool { state.withLock { $0.isMaimed } }
}

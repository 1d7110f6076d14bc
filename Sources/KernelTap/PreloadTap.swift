import CL45Core
import CL45Tap
import Foundation
package import L45Model
import Synchronization

/// The tap of user space: the memory that the agent shares with the processes under `libl45tap.so` (`l45_tap.h`).
///
/// The rules stay in force when the agent dies. One agent at a time has a folder.
package final class PreloadTap: Tap {
    package let kind = TapKind.preload
    /// Where the shared memory is; private to its owner (0700).
    package let folder: String
    private let state: Mutex<State>

    /// How many of a module's filled-in flows a reading carries.
    package static let flowsPerModuleMax = 8

    private struct State {
        var handle: OpaquePointer?
        var tables = PublishedTables()
        /// How often the folder was found gone.
        var removals = 0
        var keeper: CheckKeeper?
    }

    private let keeperProgram: String?
    package var answersChallenges: Bool { keeperProgram != nil }

    /// Opens the folder, or makes it.
    /// - Parameter keeper: `l45tap-keeper`; nil: the one beside the tap's library, if it is there.
    /// - Throws: `TapError.busy`, `TapError.otherVersion`, `TapError.system`.
    package init(folder: String, keeper: String? = nil) throws(TapError) {
        self.folder = folder
        keeperProgram = keeper ?? CheckKeeper.program()
        state = Mutex(State(handle: try Self.open(folder)))
    }

    deinit {
        state.withLock { state in
            if let handle = state.handle { l45_tap_close(handle) }
        }
    }

    package func check(_ table: DeviceTable) throws(TapError) {
        _ = try RuleTable.rules(of: table)
    }

    package func publish(_ table: DeviceTable) throws(TapError) {
        let rules = try RuleTable.rules(of: table)
        let digest = try table.tapDigest()
        try state.withLock { (state: inout sending State) throws(TapError) in
            let handle = try reopenIfRemoved(&state)
            let result = rules.withUnsafeBufferPointer { rules in
                l45_tap_publish(handle, table.generation.rawValue, digest.hex, rules.baseAddress, rules.count)
            }
            switch -result {
            case 0: state.tables.append(table, digest: digest)
            case ESTALE: throw .stale(asked: table.generation, held: Self.published(handle).generation)
            case EEXIST: throw .conflict(table.generation)
            case E2BIG:
                throw .tooManyRules(count: rules.count, modules: table.modules.count, max: Int(L45_TAP_RULES_MAX))
            case let errno:
                throw .system(
                    operation: "publish generation \(table.generation) in the tap folder", path: folder, errno: errno)
            }
        }
    }

    package func read() throws(TapError) -> TapReading {
        try state.withLock { (state: inout sending State) throws(TapError) -> TapReading in
            let handle = try reopenIfRemoved(&state)
            let processes = l45_tap_sweep(handle)
            let published = Self.published(handle)
            let inForce = Generation(l45_tap_in_force(handle))
            state.tables.forget(below: min(inForce, published.generation))
            let publishedTable = state.tables.table(published.generation, digest: published.digest)
            let tableInForce =
                inForce == published.generation ? publishedTable : state.tables.table(inForce, digest: nil)
            return TapReading(
                inForce: inForce,
                inForceDigest: inForce == published.generation ? published.digest : tableInForce?.digest,
                published: published.generation, publishedDigest: published.digest,
                modules: ((tableInForce ?? publishedTable)?.table.modules ?? []).map { Self.report(of: $0, handle) },
                processes: processes, problems: Self.problems(folder, removals: state.removals))
        }
    }

    package func answer(_ challenge: [UInt8], by module: ModuleID) throws(TapError) -> TapAnswer {
        guard let keeperProgram else { throw .keeper(program: "l45tap-keeper", errno: ENOENT) }
        return try state.withLock { (state: inout sending State) throws(TapError) -> TapAnswer in
            let handle = try reopenIfRemoved(&state)
            let published = Self.published(handle)
            let entry = state.tables.table(published.generation, digest: published.digest)?.table.entry(module)
            let keeper = state.keeper ?? CheckKeeper(program: keeperProgram, folder: folder)
            state.keeper = keeper
            return try keeper.answer(challenge, by: module, initKey: entry?.plan.initKey)
        }
    }

    private static func problems(_ folder: String, removals: Int) -> [String] {
        if removals == 0 { return [] }
        return [
            "the tap folder \(folder) was removed under the agent and made anew; programs that were started under the tap "
                + "before keep the rules of then, unseen here, until they are started again"
        ]
    }

    // MARK: - The C calls

    private static func open(_ folder: String) throws(TapError) -> OpaquePointer {
        var handle: OpaquePointer?
        let result = l45_tap_open(folder, &handle)
        switch (-result, handle) {
        case (0, .some(let handle)): return handle
        case (EBUSY, _): throw .busy(folder: folder)
        case (EPROTO, _): throw .otherVersion(folder: folder)
        case (let errno, _): throw .system(operation: "open the tap folder", path: folder, errno: errno)
        }
    }

    /// A folder that was removed under a running agent is made anew: the next reading then says that nothing is published,
    /// and the agent publishes its ledger again.
    private func reopenIfRemoved(_ state: inout State) throws(TapError) -> OpaquePointer {
        if let handle = state.handle {
            if access("\(folder)/rules", F_OK) == 0 || errno != ENOENT { return handle }
            l45_tap_close(handle)
            state.handle = nil
            // It holds the file of the folder that is gone.
            state.keeper = nil
            state.tables.removeAll()
            state.removals += 1
        }
        let handle = try Self.open(folder)
        state.handle = handle
        return handle
    }

    private static func published(_ handle: OpaquePointer) -> (generation: Generation, digest: Digest?) {
        var generation: UInt64 = 0
        var text = [CChar](repeating: 0, count: Int(L45_TAP_DIGEST_BYTES) + 1)
        l45_tap_published(handle, &generation, &text)
        let hex = Self.text(text)
        return (Generation(generation), hex.isEmpty ? nil : Digest(hex: hex))
    }

    private static func report(of entry: ModuleEntry, _ handle: OpaquePointer) -> ModuleReport {
        var module = l45_tap_module()
        // -ENOENT: no process has met the module yet, and the counters are zero.
        _ = l45_tap_read_module(handle, entry.plan.id.rawValue, &module)
        var statistics = ModuleStatistics()
        statistics.messagesSent = module.messages_sent
        statistics.messagesReceived = module.messages_received
        statistics.bytesSent = module.bytes_sent
        statistics.bytesReceived = module.bytes_received
        statistics.skipped = module.skipped
        statistics.passedPlain = module.passed_plain
        statistics.dropped = module.dropped
        statistics.forged = module.forged
        return ModuleReport(
            id: entry.plan.id, state: entry.state, enforcing: entry.enforcing, sockets: Int(module.sockets),
            streamsInDialect: Int(module.streams_in_dialect), streamsLeftPlain: Int(module.streams_left_plain),
            activeAt: Timestamp(module.active_ms), sentAt: Timestamp(module.sent_ms),
            receivedAt: Timestamp(module.received_ms), statistics: statistics,
            filledIn: flows(of: entry.plan.id, handle))
    }

    private static func flows(of module: ModuleID, _ handle: OpaquePointer) -> [String] {
        let entryBytes = Int(L45_TAP_FLOW_TEXT)
        var texts = [CChar](repeating: 0, count: entryBytes * flowsPerModuleMax)
        let count = texts.withUnsafeMutableBytes { raw -> Int in
            guard let base = raw.baseAddress else { return 0 }
            return l45_tap_read_flows(handle, module.rawValue, bound(base), flowsPerModuleMax)
        }
        return (0..<min(count, flowsPerModuleMax)).map { entry in
            text(texts[(entry * entryBytes)..<((entry + 1) * entryBytes)])
        }
    }

    /// The C parameter is a pointer to `char[L45_TAP_FLOW_TEXT]`, imported as a tuple of that many: its type is inferred.
    private static func bound<Element>(_ raw: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Element> {
        raw.assumingMemoryBound(to: Element.self)
    }

    private static func text(_ characters: some Sequence<CChar>) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

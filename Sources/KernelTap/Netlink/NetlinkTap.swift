import CL45Netlink
import Foundation
package import L45Model
import Synchronization

/// The kernel's tap: `l45.ko`, driven over generic netlink (`kmod/uapi/l45.h`). It taps the sockets of every process in the
/// agent's network namespace, those that are open already included.
///
/// The module keeps its table when the agent dies. Needs CAP_NET_ADMIN in the initial user namespace. Calls block for as
/// long as the kernel works, at most a few seconds: not for the cooperative pool.
package final class NetlinkTap: Tap {
    package let kind = TapKind.kernel
    package let notices: AsyncStream<TapNotice>
    private let tell: AsyncStream<TapNotice>.Continuation
    private let lock: TapLock
    private let state = Mutex(State())
    /// What events have told; the listener's thread writes it.
    private let memory = Mutex(Memory())

    /// A table or a list that changed while it was read is read again so often.
    private static let readAttemptsMax = 8
    /// Notices that wait for a slow reader; the oldest give way.
    private static let noticesMax = 256

    private struct State {
        var tables = PublishedTables()
        var listener: (family: UInt16, NetlinkListener)?
    }

    private struct Memory {
        var flows = FlowLog()
        var troubles = TroubleLog()
    }

    /// Finds the module, and takes the namespace's tap for this process.
    /// - Parameter locksFolder: where agents see each other; made if need be.
    /// - Throws: `TapError.moduleMissing`, `TapError.notPermitted`, `TapError.otherModule`, `TapError.kernelTapBusy`,
    ///   `TapError.netlink`, `TapError.system`.
    package init(locksFolder: String) throws(TapError) {
        (notices, tell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.noticesMax))
        // The link first: where there is no module, nothing is left behind.
        _ = try Self.status(try NetlinkSocket())
        lock = try TapLock(folder: locksFolder)
        try state.withLock { (state: inout sending State) throws(TapError) in
            try listen(NetlinkSocket().family, &state)
        }
    }

    deinit { tell.finish() }

    package func check(_ table: DeviceTable) throws(TapError) { try TableMessages.check(table) }

    package func publish(_ table: DeviceTable) throws(TapError) {
        let digest = try table.tapDigest()
        let requests = try TableMessages.requests(for: table, digest: digest)
        try state.withLock { (state: inout sending State) throws(TapError) in
            let socket = try NetlinkSocket()
            try listen(socket.family, &state)
            for request in requests {
                guard let refusal = try socket.ask(request) else { continue }
                switch (refusal.errno, UInt32(request.command)) {
                case (ESTALE, _): throw .stale(asked: table.generation, held: try Self.status(socket).generation)
                case (EEXIST, L45_CMD_BEGIN.rawValue): throw .conflict(table.generation)
                default: throw TapError(refusal, request)
                }
            }
            state.tables.append(table, digest: digest)
        }
    }

    package func read() throws(TapError) -> TapReading {
        try state.withLock { (state: inout sending State) throws(TapError) -> TapReading in
            let socket = try NetlinkSocket()
            try listen(socket.family, &state)
            let (status, modules) = try Self.table(socket)
            let sockets = try Self.sockets(socket)
            state.tables.forget(below: min(status.inForce, status.generation))
            let inForce =
                status.inForce == status.generation ? nil : state.tables.table(status.inForce, digest: nil)
            let ids = Set(modules.map(\.id)).union(inForce?.table.modules.map(\.plan.id) ?? [])
            let (flows, problems) = memory.withLock { memory in
                for socket in sockets {
                    for module in Set([socket.sending, socket.receiving].compactMap { $0 }) {
                        memory.flows.note(socket.text, of: module)
                    }
                }
                memory.flows.keepOnly(ids)
                return (memory.flows, memory.troubles.problems(now: Timestamp.now()))
            }
            return TapReading(
                inForce: status.inForce,
                inForceDigest: status.inForce == status.generation ? status.digest : inForce?.digest,
                published: status.generation, publishedDigest: status.digest,
                modules: Self.reports(modules, under: inForce?.table, flows),
                processes: Set(sockets.map(\.process)).count, problems: problems)
        }
    }

    /// The reports of the table that is in force: that of the kernel, or while calls still work by the one before, that one's
    /// modules with what the kernel has counted for them.
    private static func reports(
        _ modules: [ModuleReport], under older: DeviceTable?, _ flows: FlowLog
    ) -> [ModuleReport] {
        var reports = modules
        if let older {
            let counted = Dictionary(modules.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            reports = older.modules.map { entry in
                var report = counted[entry.plan.id] ?? ModuleReport(id: entry.plan.id, state: entry.state)
                report.state = entry.state
                report.enforcing = entry.enforcing
                return report
            }
        }
        for place in reports.indices { reports[place].filledIn = flows.flows(of: reports[place].id) }
        return reports
    }

    // MARK: - The kernel's answers

    private static func status(_ socket: NetlinkSocket) throws(TapError) -> KernelStatus {
        let status = try socket.get(TapRequest(L45_CMD_STATUS)) { answer throws(NetlinkMalformed) in
            try KernelStatus(answer)
        }
        guard status.version == UInt32(L45_GENL_VERSION) else {
            throw .otherModule(version: status.version, ours: UInt32(L45_GENL_VERSION))
        }
        return status
    }

    /// The status, and the modules of the very table that it speaks of.
    private static func table(_ socket: NetlinkSocket) throws(TapError) -> (KernelStatus, [ModuleReport]) {
        for _ in 0..<readAttemptsMax {
            let status = try status(socket)
            let dump = try socket.dump(TapRequest(L45_CMD_MODULES)) { answer throws(NetlinkMalformed) in
                try KernelModule(answer)
            }
            guard dump.isSteady, dump.entries.count == status.modules,
                dump.entries.allSatisfy({ $0.generation == status.generation })
            else { continue }
            return (status, dump.entries.map(\.report).sorted { $0.id < $1.id })
        }
        throw .netlink(
            operation: "read the kernel tap's modules",
            reason: "its table changed \(readAttemptsMax) times while it was read; another program publishes too")
    }

    /// Oldest first. They come and go on a busy device: a list that changed while it was read is good enough to show flows.
    private static func sockets(_ socket: NetlinkSocket) throws(TapError) -> [KernelSocket] {
        let dump = try socket.dump(TapRequest(L45_CMD_SOCKETS)) { answer throws(NetlinkMalformed) in
            try KernelSocket(answer)
        }
        return dump.entries.sorted { ($0.since, $0.cookie) < ($1.since, $1.cookie) }
    }

    // MARK: - Events

    /// Listens to the module that is loaded now: with another one's family, the groups of before are gone.
    private func listen(_ family: UInt16, _ state: inout State) throws(TapError) {
        guard state.listener?.family != family else { return }
        state.listener = nil
        let listener = try NetlinkListener(family: family) { [weak self] event in self?.heard(event) }
        state.listener = (family, listener)
    }

    private func heard(_ event: KernelEvent) {
        memory.withLock { memory in
            memory.troubles.note(event.notice, now: Timestamp.now())
            if event.notice.kind == .attached, let module = event.notice.module {
                memory.flows.note(event.socket?.text ?? event.notice.text, of: module)
            }
        }
        tell.yield(event.notice)
    }
}

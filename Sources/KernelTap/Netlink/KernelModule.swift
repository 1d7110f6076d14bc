import CL45Netlink
package import L45Model

/// One module as the kernel tap sees it (an entry of MODULES). Pure.
package struct KernelModule: Hashable, Sendable {
    /// Of the table that the entry is from.
    package var generation: Generation
    /// Without flows: those are the sockets' to tell.
    package var report: ModuleReport

    /// - Parameter answer: the top level of an entry of a MODULES dump.
    package init(_ answer: Attributes) throws(NetlinkMalformed) {
        guard let module = try answer.nest(L45_A_MODULE_STATE) else {
            throw NetlinkMalformed("the module's state is missing")
        }
        generation = Generation(try answer.required(L45_A_GENERATION, "the generation"))
        let number: UInt8 = try module.required(L45_S_STATE, "the module's state")
        guard let state = ModuleState(number: number) else {
            throw NetlinkMalformed("\(number) is no state of a module")
        }
        var statistics = ModuleStatistics()
        statistics.messagesSent = try Self.count(module, L45_S_MESSAGES_SENT)
        statistics.messagesReceived = try Self.count(module, L45_S_MESSAGES_RECEIVED)
        statistics.bytesSent = try Self.count(module, L45_S_BYTES_SENT)
        statistics.bytesReceived = try Self.count(module, L45_S_BYTES_RECEIVED)
        statistics.skipped = try Self.count(module, L45_S_SKIPPED)
        statistics.passedPlain = try Self.count(module, L45_S_PASSED_PLAIN)
        statistics.dropped = try Self.count(module, L45_S_DROPPED)
        statistics.forged = try Self.count(module, L45_S_FORGED)
        let flags: UInt32 = try module.number(L45_S_FLAGS) ?? 0
        report = ModuleReport(
            id: ModuleID(try module.required(L45_S_ID, "the module's id")), state: state,
            enforcing: flags & L45_F_ENFORCE.rawValue != 0,
            sockets: Int(try module.number(L45_S_SOCKETS, as: UInt32.self) ?? 0),
            streamsInDialect: Int(try module.number(L45_S_STREAMS_IN_DIALECT, as: UInt32.self) ?? 0),
            streamsLeftPlain: Int(try module.number(L45_S_STREAMS_LEFT_PLAIN, as: UInt32.self) ?? 0),
            activeAt: try Self.time(module, L45_S_ACTIVE_MS), sentAt: try Self.time(module, L45_S_SENT_MS),
            receivedAt: try Self.time(module, L45_S_RECEIVED_MS), statistics: statistics)
    }

    /// More than any counter or clock comes to, and the most that a report may carry: a kernel gone wrong does not silence
    /// its agent.
    private static let most: UInt64 = 1 << 62
    /// The end of the year 9999.
    private static let latest: UInt64 = 253_402_300_799_999

    private static func count(
        _ module: Attributes, _ attribute: l45_state_attribute
    ) throws(NetlinkMalformed) -> UInt64 {
        min(try module.number(attribute) ?? 0, most)
    }

    private static func time(
        _ module: Attributes, _ attribute: l45_state_attribute
    ) throws(NetlinkMalformed) -> Timestamp {
        Timestamp(Int64(clamping: min(try count(module, attribute), latest)))
    }
}

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
        statistics.messagesSent = try module.number(L45_S_MESSAGES_SENT) ?? 0
        statistics.messagesReceived = try module.number(L45_S_MESSAGES_RECEIVED) ?? 0
        statistics.bytesSent = try module.number(L45_S_BYTES_SENT) ?? 0
        statistics.bytesReceived = try module.number(L45_S_BYTES_RECEIVED) ?? 0
        statistics.skipped = try module.number(L45_S_SKIPPED) ?? 0
        statistics.passedPlain = try module.number(L45_S_PASSED_PLAIN) ?? 0
        statistics.dropped = try module.number(L45_S_DROPPED) ?? 0
        statistics.forged = try module.number(L45_S_FORGED) ?? 0
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

    private static func time(
        _ module: Attributes, _ attribute: l45_state_attribute
    ) throws(NetlinkMalformed) -> Timestamp {
        Timestamp(Int64(clamping: try module.number(attribute, as: UInt64.self) ?? 0))
    }
}

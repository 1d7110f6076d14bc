/// A customization module on a device, as decided and as its tap reports it. Never its keys.
package struct ModuleView: Hashable, Codable, Sendable {
    package var id: ModuleID
    package var device: DeviceID
    package var deviceName: String
    package var intent: IntentName
    package var flow: FlowName
    package var epoch: Epoch
    package var role: ModulePlan.Role
    /// The part it was last told to play; nil: it is told to go.
    package var decided: ModuleState?
    /// The part that the tap says it plays; nil: the tap does not have it.
    package var reported: ModuleState?
    /// The tap drops what arrives plain.
    package var enforcing: Bool
    package var priority: Int
    package var attach: ModulePlan.AttachMode
    /// `udp dig/* any > 192.0.2.53:53`: as seen from the device, local end first.
    package var tapSocket: String
    /// `datagram tag, 32 bytes at the front, label 'dig'`.
    package var dialect: String
    /// Open sockets with the module in their list.
    package var sockets: Int
    package var streamsInDialect: Int
    package var streamsLeftPlain: Int
    /// `active_ts`: last message that it customized, either way.
    package var activeAt: APITime?
    package var sentAt: APITime?
    package var receivedAt: APITime?
    package var statistics: ModuleStatistics
    /// It customizes nothing, and its statistics tell of messages that it would have customized; nil: it does.
    package var underTest: Bool?
    /// Flows that the wildcards were filled with, the latest few.
    package var filledIn: [String]
    /// Its security check; nil: it is in no table.
    package var check: CheckView?
    /// Of the last table that was decided for its device.
    package var generationDecided: Generation?
    /// Of the table that its tap has in force by the device's last report.
    package var generationConfirmed: Generation?
    /// `Confirmed`, `Verified`: of the generation that the last report tells of.
    package var conditions: [Condition]?

    /// - Parameters:
    ///   - decided: its entry in the last table decided; nil when that table lacks it.
    ///   - report: what the tap says of it; nil when the tap does not have it.
    package init(
        plan: ModulePlan, device: DeviceID, deviceName: String, decided: ModuleEntry?, report: ModuleReport?,
        check: CheckView? = nil
    ) {
        self.check = check
        id = plan.id
        self.device = device
        self.deviceName = deviceName
        intent = plan.intent
        flow = plan.flow
        epoch = plan.epoch
        role = plan.role
        self.decided = decided?.state
        reported = report?.state
        enforcing = report?.enforcing ?? false
        priority = plan.priority
        attach = plan.attach
        tapSocket = plan.tapSocket.summary
        dialect = plan.dialect.summary
        sockets = report?.sockets ?? 0
        streamsInDialect = report?.streamsInDialect ?? 0
        streamsLeftPlain = report?.streamsLeftPlain ?? 0
        activeAt = APITime(known: report?.activeAt)
        sentAt = APITime(known: report?.sentAt)
        receivedAt = APITime(known: report?.receivedAt)
        statistics = report?.statistics ?? ModuleStatistics()
        underTest = plan.underTest ? true : nil
        filledIn = report?.filledIn ?? []
    }
}

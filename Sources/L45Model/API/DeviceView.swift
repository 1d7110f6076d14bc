/// A device as operators see it.
package struct DeviceView: Hashable, Codable, Sendable {
    package enum Link: String, Hashable, Codable, Sendable { case connected, away }

    package var id: DeviceID
    package var name: String
    package var labels: [String: String]
    package var addresses: [AddressBlock]
    package var link: Link
    /// Since when it is connected or away; nil: enrolled and never seen.
    package var linkSince: APITime?
    /// Generation of the last table decided for it; 0 none.
    package var generationDecided: Generation
    /// Generation that its tap has in force by its last report; 0 none.
    package var generationConfirmed: Generation
    /// Its tap by its last report; nil: none came yet.
    package var tap: TapKind?
    /// Modules in its tap by its last report.
    package var modules: Int
    /// Processes under its tap by its last report.
    package var processes: Int
    /// What is wrong, in words.
    package var problems: [String]
    /// When its last report was taken.
    package var lastReport: APITime?
    package var kernelRelease: String
    package var agentVersion: String
    /// TCP ports of services beside which it answers HICCUPS probes.
    package var responds: [UInt16]?
    /// `Connected`, `UpToDate`, `Healthy`, `Declared`: of the generation that its last report tells of.
    package var conditions: [Condition]?
    /// Files and git sources that declare it, sorted; nil: none declares any device.
    package var declaredBy: [String]?

    /// - Parameter labels: those in force, the operator's own over the agent's.
    package init(
        device: Device, labels: [String: String], link: Link, linkSince: Timestamp?, generationDecided: Generation,
        report: DeviceReport?, problems: [String] = []
    ) {
        id = device.id
        name = device.facts.name
        self.labels = labels
        addresses = device.facts.addresses
        self.link = link
        self.linkSince = APITime(known: linkSince)
        self.generationDecided = generationDecided
        generationConfirmed = report?.generation ?? .none
        tap = report?.tap
        modules = report?.modules.count ?? 0
        processes = report?.processes ?? 0
        self.problems = (report?.problems ?? []) + problems
        lastReport = APITime(known: report?.takenAt)
        kernelRelease = device.facts.kernelRelease
        agentVersion = device.facts.agentVersion
        responds = device.facts.responds
    }
}

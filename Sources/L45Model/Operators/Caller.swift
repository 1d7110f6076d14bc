/// Who asks the orchestrator for something, and what he may do.
package struct Caller: Hashable, Sendable {
    /// How the orchestrator knows who it is.
    package enum Means: String, Hashable, Codable, Sendable {
        /// The orchestrator's own process.
        case process
        /// The user that the kernel names at the other end of the local socket.
        case socket
        case token
        case certificate
        /// A commit of a git source that is followed.
        case git
    }

    /// An operator's name, or `uid 1000` of a local user who needs none.
    package var name: String
    package var means: Means
    /// `pid 4711 on api.sock`, `192.0.2.7:40112`.
    package var from: String
    package var role: OperatorRole
    package var scope: LabelScope

    package init(name: String, means: Means, from: String, role: OperatorRole, scope: LabelScope = .everything) {
        self.name = name
        self.means = means
        self.from = from
        self.role = role
        self.scope = scope
    }

    /// The orchestrator itself: schedules, and whoever shares its process.
    package static let process = Caller(name: "orchestrator", means: .process, from: "itself", role: .administer)
}

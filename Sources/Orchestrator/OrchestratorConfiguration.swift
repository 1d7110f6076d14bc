package import L45Model
package import Reconciler

/// How `l45 nco` runs.
package struct OrchestratorConfiguration: Sendable {
    /// Holds the CIB, the keys and the operators' socket `api.sock`.
    package var stateFolder: String
    /// Where agents connect; port 0 takes any free one.
    package var host: String
    package var port: Int
    package var policy: RolloutPolicy
    /// Agents report at least this often.
    package var reportEvery: Span
    package var heartbeatEvery: Span
    /// An agent that says nothing for this long counts as away.
    package var silenceMax: Span
    /// At least this long from one reconciliation pass to the next: what arrives meanwhile is decided together.
    package var passEvery: Span
    /// The security check of modules.
    package var checks: CheckPolicy
    package var alerts: AlertConfiguration
    /// Where the key is that opens the CIB; nil: `root.key` in the state folder.
    package var key: KeyPlace?
    /// Where operators connect from other machines, over TLS; nil: they do not.
    package var operators: Door?
    /// Local users of this group may connect to the socket too; what they may do is said operator by operator.
    package var operatorGroup: UInt32?
    /// The socket's path; nil: `api.sock` in the state folder.
    package var socket: String?

    /// Following git repositories.
    package var git: GitConfiguration

    package struct Door: Hashable, Sendable {
        package var host: String
        /// 0: any free one.
        package var port: Int
        package init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    package init(
        stateFolder: String, host: String = "0.0.0.0", port: Int = 7450, policy: RolloutPolicy = RolloutPolicy(),
        reportEvery: Span = .seconds(10), heartbeatEvery: Span = .seconds(15), silenceMax: Span = .seconds(45),
        passEvery: Span = .milliseconds(20), checks: CheckPolicy = CheckPolicy(),
        alerts: AlertConfiguration = AlertConfiguration(), operators: Door? = nil, operatorGroup: UInt32? = nil,
        socket: String? = nil, key: KeyPlace? = nil, git: GitConfiguration = GitConfiguration()
    ) {
        self.git = git
        self.checks = checks
        self.alerts = alerts
        self.key = key
        self.operators = operators
        self.operatorGroup = operatorGroup
        self.socket = socket
        self.stateFolder = stateFolder
        self.host = host
        self.port = port
        self.policy = policy
        self.reportEvery = reportEvery
        self.heartbeatEvery = heartbeatEvery
        self.silenceMax = silenceMax
        self.passEvery = passEvery
    }

    package var operatorSocket: String { socket ?? "\(stateFolder)/api.sock" }
}

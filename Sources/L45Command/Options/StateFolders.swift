/// Where things are kept when nobody says otherwise, by the XDG base directory rules.
struct StateFolders: Hashable, Sendable {
    private let state: String

    init(environment: [String: String], uid: UInt32) {
        // The rules say that a path that is not absolute is to be ignored.
        if let given = environment["XDG_STATE_HOME"], given.hasPrefix("/") {
            state = given
        } else if uid == 0 {
            state = "/var/lib"
        } else {
            state = (environment["HOME"] ?? "/tmp") + "/.local/state"
        }
    }

    var orchestrator: String { state + "/l45/nco" }
    var orchestratorSocket: String { orchestrator + "/api.sock" }
    var agent: String { state + "/l45/agent" }
}

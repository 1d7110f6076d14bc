import Foundation

/// Where the preload tap's shared memory is found by default: agent and `l45 run` must agree on it.
package enum TapFolder {
    /// `$L45_TAP_DIR`; for root `/run/l45/tap`; else `$XDG_RUNTIME_DIR/l45/tap`, or `/tmp/l45-UID/tap` without one.
    package static func standard(environment: [String: String], userID: UInt32) -> String {
        if let folder = environment["L45_TAP_DIR"], !folder.isEmpty { return folder }
        if userID == 0 { return "/run/l45/tap" }
        if let runtime = environment["XDG_RUNTIME_DIR"], runtime.hasPrefix("/") { return "\(runtime)/l45/tap" }
        return "/tmp/l45-\(userID)/tap"
    }
}

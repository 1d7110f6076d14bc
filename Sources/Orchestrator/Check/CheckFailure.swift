package import L45Model

/// Why a module has failed its security check.
package enum CheckFailure: Hashable, Sendable, CustomStringConvertible {
    /// The answer was not sealed under the module's present key: forged, changed on its way, or played back.
    case unreadable
    /// It answers another challenge.
    case otherChallenge
    /// It is another module's.
    case otherModule(ModuleID)
    /// The module says that it lacks the key, and nothing explains how it lost it.
    case keyLost
    /// Asked that often in a row without an answer; what was said instead, if anything was.
    case silent(asked: Int, said: String?)

    package var description: String {
        switch self {
        case .unreadable: "its answer is not sealed under its key: forged, changed on its way, or played back"
        case .otherChallenge: "its answer is to another challenge"
        case .otherModule(let module): "its answer names module \(module)"
        case .keyLost: "it has lost the key that it had at the last check, and its tap is still the same"
        case .silent(let asked, let said):
            "it has not answered \(asked) challenges in a row" + (said.map { "; the last time: \($0)" } ?? "")
        }
    }
}

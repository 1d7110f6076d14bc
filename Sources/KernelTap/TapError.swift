import Foundation
package import L45Model

/// Why a tap did not do as it was told. Nothing has changed when one is thrown.
package enum TapError: Error, Hashable, CustomStringConvertible {
    /// Another agent has the tap folder.
    case busy(folder: String)
    /// The tap's files were laid out by another version of l45.
    case otherVersion(folder: String)
    /// Older than what is published.
    case stale(asked: Generation, held: Generation)
    /// The published generation, with other content.
    case conflict(Generation)
    /// More rules (one per module and remote) than the tap holds.
    case tooManyRules(count: Int, modules: Int, max: Int)
    /// A module that this tap can not carry, and why.
    case unfit(ModuleID, reason: String)
    /// The system refused; `errno` says why.
    case system(operation: String, path: String, errno: Int32)

    package var description: String {
        switch self {
        case .busy(let folder):
            "the tap folder \(folder) belongs to another agent that runs now; stop it, or give this one its own with --tap"
        case .otherVersion(let folder):
            "the files in the tap folder \(folder) were laid out by another version of l45; stop the programs under the "
                + "tap, remove the folder and start the agent again"
        case .stale(let asked, let held):
            "generation \(asked) is older than generation \(held), which the tap has; send \(held) or a later one"
        case .conflict(let generation):
            "the tap has generation \(generation) with other content; decide a generation above \(generation)"
        case .tooManyRules(let count, let modules, let max):
            "the table needs \(count) rules for its \(modules) modules (one per module and remote), the tap holds \(max); "
                + "name the remotes by wider address blocks, or select fewer of them"
        case .unfit(let module, let reason):
            "module \(module) does not fit this tap: \(reason)"
        case .system(let operation, let path, let errno):
            "cannot \(operation) \(path): \(String(cString: strerror(errno)))"
        }
    }
}

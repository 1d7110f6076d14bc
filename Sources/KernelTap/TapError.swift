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
    /// More modules than the kernel tap holds.
    case tooManyModules(count: Int, max: Int)
    /// More remotes than the kernel tap holds of one module, or (nil) of a table.
    case tooManyRemotes(ModuleID?, count: Int, max: Int)
    /// A module that this tap can not carry, and why.
    case unfit(ModuleID, reason: String)
    /// No table in force has the module.
    case notInTable(ModuleID)
    /// A challenge opens under none of the module's keys.
    case unopened(ModuleID, life: UInt64)
    /// What answers for the user-space tap's modules does not.
    case keeper(program: String, errno: Int32)
    /// The system refused; `errno` says why.
    case system(operation: String, path: String, errno: Int32)

    /// The kernel has no l45.ko.
    case moduleMissing
    /// The kernel tap takes commands from CAP_NET_ADMIN in the initial user namespace alone.
    case notPermitted
    /// An l45.ko whose messages are of another version.
    case otherModule(version: UInt32, ours: UInt32)
    /// Another agent has the kernel tap of this network namespace.
    case kernelTapBusy(lock: String)
    /// The kernel tap said no, in its own words.
    case refused(request: String, text: String, errno: Int32)
    /// It could not be asked, or its answer could not be read.
    case netlink(operation: String, reason: String)

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
        case .tooManyModules(let count, let max):
            "the table has \(count) modules, the kernel tap holds \(max) of a network namespace; select fewer of them"
        case .tooManyRemotes(let module, let count, let max):
            (module.map { "module \($0)" } ?? "the table") + " has \(count) remotes, the kernel tap holds \(max)"
                + (module == nil ? " in all" : " of one module") + "; name them by wider address blocks"
        case .unfit(let module, let reason):
            "module \(module) does not fit this tap: \(reason)"
        case .notInTable(let module):
            "module \(module) is in no table that the tap has in force"
        case .unopened(let module, _):
            "module \(module) has no key under which the challenge opens"
        case .keeper(let program, let errno):
            "\(program) does not answer for the tap's modules: \(String(cString: strerror(errno))); it belongs beside "
                + "libl45tap.so"
        case .system(let operation, let path, let errno):
            "cannot \(operation) \(path): \(String(cString: strerror(errno)))"
        case .moduleMissing:
            "the kernel has no kernel tap (no generic netlink family 'l45'); load it with 'modprobe l45', or use the "
                + "user-space tap with --tap-kind preload"
        case .notPermitted:
            "the kernel tap takes no command from this process: it needs CAP_NET_ADMIN in the initial user namespace; run "
                + "the agent as root outside user namespaces, or use the user-space tap with --tap-kind preload"
        case .otherModule(let version, let ours):
            "the l45.ko that is loaded speaks version \(version) of its messages, this l45 version \(ours); install both "
                + "from the same release and load the module again"
        case .kernelTapBusy(let lock):
            "the kernel tap of this network namespace belongs to another agent that runs now (it holds \(lock)); stop it, "
                + "or start this one in a network namespace of its own"
        case .refused(let request, let text, let errno):
            "the kernel tap refused \(request): \(text.isEmpty ? "" : "\(text): ")\(String(cString: strerror(errno)))"
        case .netlink(let operation, let reason):
            "cannot \(operation): \(reason)"
        }
    }
}

import CL45Core
import CL45Tap
import Foundation
import L45Model

/// The process that answers the security check for the modules of one user-space tap (`l45_checks.h`): started when the
/// first challenge comes, and again where it is gone.
final class CheckKeeper {
    private let program: String
    private let folder: String
    private var handle: OpaquePointer?

    /// - Parameter program: path of `l45tap-keeper`.
    init(program: String, folder: String) {
        self.program = program
        self.folder = folder
    }

    deinit {
        if let handle { l45_keeper_stop(handle) }
    }

    /// Has a module answer.
    /// - Parameter initKey: of the module in the published table; handed over where the keeper has none yet, or another one.
    /// - Throws: `TapError.notInTable`, `TapError.unopened`, `TapError.keeper`.
    func answer(_ challenge: [UInt8], by module: ModuleID, initKey: Secret?) throws(TapError) -> TapAnswer {
        let keeper = try running()
        var answer = [UInt8](repeating: 0, count: Int(L45_ANSWER_BYTES_MAX))
        var life: UInt64 = 0
        var result = l45_keeper_respond(keeper, module.rawValue, challenge, challenge.count, &answer, &life)
        if result == -Int(ENOKEY) || result == -Int(EBADMSG), let initKey,
            initKey.bytes.count == Int(L45_INIT_KEY_BYTES)
        {
            let installed = l45_keeper_install(keeper, module.rawValue, initKey.bytes)
            result =
                installed == 0
                ? l45_keeper_respond(keeper, module.rawValue, challenge, challenge.count, &answer, &life)
                : Int(installed)
        }
        guard result < 0 else { return TapAnswer(bytes: Array(answer.prefix(result)), life: life) }
        switch Int32(clamping: -result) {
        case ENOENT: throw .notInTable(module)
        case EBADMSG: throw .unopened(module, life: life)
        case let errno:
            // Whatever state it is in: the next challenge finds a fresh one.
            if errno == EPIPE || errno == ETIMEDOUT { stop() }
            throw .keeper(program: program, errno: errno)
        }
    }

    /// Ends the process; its chains of keys stay in the folder.
    func stop() {
        if let handle { l45_keeper_stop(handle) }
        handle = nil
    }

    private func running() throws(TapError) -> OpaquePointer {
        if let handle { return handle }
        var started: OpaquePointer?
        let result = l45_keeper_start(program, folder, &started)
        guard result == 0, let started else { throw .keeper(program: program, errno: -result) }
        handle = started
        return started
    }

    /// Beside the tap's library, wherever that is.
    static func program(
        executable: String = "/proc/self/exe", environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String? {
        let resolved = realpath(executable, nil)
        defer { free(resolved) }
        let paths = TapLaunch.libraryPaths(
            executable: resolved.map { String(cString: $0) } ?? executable, environment: environment
        ).map { "\(($0 as NSString).deletingLastPathComponent)/l45tap-keeper" }
        return paths.first { access($0, X_OK) == 0 }
    }
}

import Foundation
import KernelTap
import L45Model

/// What `l45 check` finds on this machine: read here, judged by `MachineCheck`.
struct MachineFacts: Hashable, Sendable {
    /// `6.12.0-25-amd64`.
    var kernelRelease: String
    /// Effective capabilities, as /proc/self/status has them; nil: it cannot be read.
    var capabilities: UInt64?
    var userID: UInt32
    /// Where the tap's library was looked for, and whether it is there and readable.
    var libraries: [String: Bool]
    /// `l45.ko` is loaded.
    var kernelModule: Bool
    /// The path of `nft`; nil: it is not installed.
    var nft: String?
    /// A time service is seen to keep the clock.
    var clockSynchronized: Bool
    /// Of the state folder, or of the nearest folder above it that is there.
    var stateFolder: Folder
    /// Most open files.
    var filesMax: UInt64
    /// What came of trying to take the port, or to reach the orchestrator; nil: not tried.
    var port: Reach?

    struct Folder: Hashable, Sendable {
        var path: String
        var isWritable: Bool
        var freeBytes: UInt64
    }

    struct Reach: Hashable, Sendable {
        var place: String
        /// What stood in the way; nil: nothing did.
        var obstacle: String?
    }
}

extension MachineFacts {
    /// - Parameters:
    ///   - state: the state folder.
    ///   - listen: the port that is to be free; nil: none.
    ///   - orchestrator: what is to be reached; nil: nothing.
    static func gathered(state: String, listen: HostPort?, orchestrator: HostPort?) async -> MachineFacts {
        var names = utsname()
        uname(&names)
        let release = withUnsafeBytes(of: names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return MachineFacts(
            kernelRelease: release, capabilities: capabilities(), userID: geteuid(), libraries: libraries(),
            kernelModule: FileManager.default.fileExists(atPath: "/sys/module/l45"), nft: nft(),
            clockSynchronized: clock(), stateFolder: folder(state), filesMax: UInt64(limit.rlim_cur),
            port: await port(listen, orchestrator))
    }

    private static func port(_ listen: HostPort?, _ orchestrator: HostPort?) async -> Reach? {
        if let listen { return await SocketTrial.free(listen) }
        if let orchestrator { return await SocketTrial.reached(orchestrator) }
        return nil
    }

    private static func capabilities() -> UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        return line.flatMap { UInt64($0.dropFirst("CapEff:".count).trimmingCharacters(in: .whitespaces), radix: 16) }
    }

    private static func libraries() -> [String: Bool] {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let places = TapLaunch.libraryPaths(executable: own, environment: ProcessInfo.processInfo.environment)
        return Dictionary(places.map { ($0, access($0, R_OK) == 0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func nft() -> String? {
        ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"].first { access($0, X_OK) == 0 }
    }

    /// By what the time services leave behind: systemd's, chrony's, ntpd's.
    private static func clock() -> Bool {
        ["/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid", "/run/chrony/chrony.pid", "/run/ntpd.pid"]
            .contains { FileManager.default.fileExists(atPath: $0) }
    }

    private static func folder(_ path: String) -> Folder {
        var place = path
        while !FileManager.default.fileExists(atPath: place), place != "/", !place.isEmpty {
            place = (place as NSString).deletingLastPathComponent
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: place)
        let free = (attributes?[.systemFreeSize] as? NSNumber)?.uint64Value ?? 0
        return Folder(path: path, isWritable: access(place, W_OK) == 0, freeBytes: free)
    }
}

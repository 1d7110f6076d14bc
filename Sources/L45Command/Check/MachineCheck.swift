import L45Model

/// Whether a machine is fit for a part of l45. Pure.
enum MachineCheck {
    enum Part: String, CaseIterable, Sendable { case agent, nco }

    /// A CIB of 10,000 devices and its log fit into this.
    static let orchestratorBytes: UInt64 = 1 << 30
    static let agentBytes: UInt64 = 64 << 20
    /// Beside connections, an orchestrator has some dozens of files open.
    static let filesBeside: UInt64 = 128

    static func lines(_ part: Part, _ facts: MachineFacts) -> [CheckLine] {
        var lines = [kernel(facts)]
        switch part {
        case .agent: lines += [tap(facts), rawSockets(facts), nft(facts)]
        case .nco: lines.append(files(facts))
        }
        lines += [folder(part, facts.stateFolder), clock(facts)]
        if let port = facts.port { lines.append(reach(part, port)) }
        return lines
    }

    private static func kernel(_ facts: MachineFacts) -> CheckLine {
        let numbers = facts.kernelRelease.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard numbers.count == 2 else {
            return .warning(
                "kernel", "release '\(facts.kernelRelease)' cannot be read", "l45 is tried on Linux 5.10 and later")
        }
        guard (numbers[0], numbers[1]) >= (5, 10) else {
            return .warning("kernel", facts.kernelRelease, "l45 is tried on Linux 5.10 and later")
        }
        return .well("kernel", facts.kernelRelease)
    }

    private static func tap(_ facts: MachineFacts) -> CheckLine {
        if facts.kernelModule {
            guard facts.has(.netAdmin) else {
                return .unfit(
                    "tap", "l45.ko is loaded, and this user may not speak to it (no CAP_NET_ADMIN)",
                    "run the agent as root, or give it CAP_NET_ADMIN (systemd: AmbientCapabilities=CAP_NET_ADMIN)")
            }
            return .well("tap", "l45.ko is loaded")
        }
        if let library = facts.libraries.sorted(by: { $0.key < $1.key }).first(where: \.value)?.key {
            return .well("tap", "\(library), the user-space tap; l45.ko is not loaded")
        }
        let places = facts.libraries.keys.sorted().joined(separator: ", ")
        return .unfit(
            "tap", "neither l45.ko is loaded nor the library there: \(places)",
            "build the library with scripts/build-tap, load the module, or name the library in $L45_TAP_LIBRARY")
    }

    private static func rawSockets(_ facts: MachineFacts) -> CheckLine {
        guard facts.capabilities != nil else {
            return .warning("capabilities", "/proc/self/status cannot be read", "mount /proc")
        }
        let missing = MachineFacts.Capability.allCases.filter { !facts.has($0) }
        guard missing.isEmpty else {
            return .warning(
                "capabilities",
                "no \(missing.map(\.word).joined(separator: ", ")): dialects work, probing and guarding paths not",
                "run the agent as root where paths are to be guarded")
        }
        return .well("capabilities", MachineFacts.Capability.allCases.map(\.word).joined(separator: ", "))
    }

    private static func nft(_ facts: MachineFacts) -> CheckLine {
        guard let nft = facts.nft else {
            return .warning(
                "nftables", "nft is not installed", "for guarded paths: apt install nftables, dnf install nftables")
        }
        return .well("nftables", nft)
    }

    private static func files(_ facts: MachineFacts) -> CheckLine {
        let devices = facts.filesMax > filesBeside ? facts.filesMax - filesBeside : 0
        guard devices >= 1000 else {
            return .warning(
                "open files", "\(facts.filesMax): enough for \(devices) devices",
                "one a device: ulimit -n 65536, or LimitNOFILE=65536 in its unit")
        }
        return .well("open files", "\(facts.filesMax): enough for \(devices) devices")
    }

    private static func folder(_ part: Part, _ folder: MachineFacts.Folder) -> CheckLine {
        let free = "\(folder.freeBytes >> 20) MiB free"
        guard folder.isWritable else {
            return .unfit(
                "state folder", "\(folder.path) cannot be written or made",
                "make it and give it to the user that runs l45, or name another with --state")
        }
        let wanted = part == .nco ? orchestratorBytes : agentBytes
        guard folder.freeBytes >= wanted else {
            return .warning("state folder", "\(folder.path), \(free)", "have \(wanted >> 20) MiB there")
        }
        return .well("state folder", "\(folder.path), \(free)")
    }

    private static func clock(_ facts: MachineFacts) -> CheckLine {
        guard facts.clockSynchronized else {
            return .warning(
                "clock", "no time service is seen: certificates count by the clock, and schedules",
                "run chrony or systemd-timesyncd ('timedatectl set-ntp true')")
        }
        return .well("clock", "kept by a time service")
    }

    private static func reach(_ part: Part, _ reach: MachineFacts.Reach) -> CheckLine {
        switch (part, reach.obstacle) {
        case (.nco, nil): .well("port", "\(reach.place) is free")
        case (.nco, let why?):
            .unfit("port", "\(reach.place): \(why)", "end who has it ('ss -ltnp'), or take another with --listen")
        case (.agent, nil): .well("orchestrator", "\(reach.place) is reached")
        case (.agent, let why?):
            .unfit("orchestrator", "\(reach.place): \(why)", "start 'l45 nco' there, and let TCP to that port through")
        }
    }
}

extension MachineFacts {
    /// Of capabilities(7), those that guarded paths need.
    enum Capability: Int, CaseIterable {
        case netAdmin = 12
        case netRaw = 13
        var word: String { self == .netAdmin ? "CAP_NET_ADMIN" : "CAP_NET_RAW" }
    }

    func has(_ capability: Capability) -> Bool { (capabilities ?? 0) >> UInt64(capability.rawValue) & 1 == 1 }
}

private import Glibc
import L45Model

/// Looks at paths with real probes: AF_PACKET, below netfilter, so that our own gates do not hide the path from us.
///
/// The SYN offers what this host's kernel would: what a box adds where nothing was offered shows only then.
package struct EngineProber: PathProber {
    private let timeout: Duration
    private let probe: @Sendable (ProbeTarget, ProbeOptions) async throws -> ProbeReport

    /// - Parameters:
    ///   - timeout: how long one SYN is waited for.
    ///   - probe: what sends and hears.
    package init(
        timeout: Duration = .seconds(1),
        probe: @escaping @Sendable (ProbeTarget, ProbeOptions) async throws -> ProbeReport = {
            try await PathProbe.run($0, $1)
        }
    ) {
        self.timeout = timeout
        self.probe = probe
    }

    package struct Failure: Error, Hashable, CustomStringConvertible {
        package let description: String
    }

    package func look(at path: GuardedPath) async throws -> PathSight { try await look(at: path, by: ProbeSeal()) }

    package func signing(with secrets: any PathSecrets) -> any PathProber {
        KeyedProber(secrets: secrets) { path, seal in try await self.look(at: path, by: seal) }
    }

    private func look(at path: GuardedPath, by seal: ProbeSeal) async throws -> PathSight {
        guard let target = path.target else { throw Failure(description: "nobody is named to be probed") }
        var options = ProbeOptions()
        seal.apply(to: &options)
        options.timeout = timeout
        // All looks of a device together keep to the rate of one prober.
        options.rate = max(1, options.rate / PathGuard.looksAtOnce)
        options.options = HostOffers.read().options
        options.usesECN = true
        let report = try await probe(target, options)
        options.usesECN = false
        if case .silent = report.outcome {
            // RFC 3168, 6.1.1.1: some boxes drop a SYN that asks for ECN.
            let plain = try await probe(target, options)
            guard case .silent = plain.outcome else { return try sight(plain).dropping(.ecn) }
        }
        let seen = try sight(report)
        guard report.sawMark else { return seen }
        // A router may mark what asks for ECN, and nothing else (RFC 3168, 5): who marks a SYN that does not ask rewrites.
        return seen.weighing(.ecn, by: (try? sight(try await probe(target, options))) ?? .blind)
    }

    private func sight(_ report: ProbeReport) throws -> PathSight {
        let host = "\(report.target.address) port \(report.target.port)"
        switch report.outcome {
        case .capable, .notCapable: return PathSight(report.knowledge)
        case .refused: throw Failure(description: "\(host) refuses connections: nothing answers probes there")
        case .silent: throw Failure(description: "\(host) answers none of \(report.synsSent) SYNs")
        case .unreachable(let why): throw Failure(description: "\(host) is unreachable: \(why.rawValue)")
        }
    }
}

/// What this host's kernel offers in the SYNs of ordinary connections, by its settings (ip-sysctl.rst of the kernel).
struct HostOffers: Hashable {
    var windowScaling = true
    var timestamps = true
    var sack = true
    var fastOpen = true
    var multipath = true

    static func read(_ folder: String = "/proc/sys/net") -> HostOffers {
        func number(_ name: String, _ otherwise: Int) -> Int {
            let file = open("\(folder)/\(name)", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return otherwise }
            defer { close(file) }
            var bytes = [UInt8](repeating: 0, count: 32)
            let count = Glibc.read(file, &bytes, bytes.count)
            let text = String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self)
            return Int(text) ?? otherwise
        }
        return HostOffers(
            windowScaling: number("ipv4/tcp_window_scaling", 1) != 0, timestamps: number("ipv4/tcp_timestamps", 1) != 0,
            sack: number("ipv4/tcp_sack", 1) != 0,
            // The lowest bit is the client's.
            fastOpen: number("ipv4/tcp_fastopen", 1) & 1 != 0, multipath: number("mptcp/enabled", 0) != 0)
    }

    /// In the kernel's order (tcp_options_write); at most 28 of 40 bytes, with no end of the list.
    var options: [TCPOption] {
        var options: [TCPOption] = [.maximumSegmentSize(1460)]
        if sack { options.append(.sackPermitted) }
        if timestamps { options.append(.timestamp(value: 1, echo: 0)) }
        if windowScaling { options.append(.windowScale(7)) }
        if fastOpen { options.append(.fastOpen(cookie: [])) }
        // MP_CAPABLE of a SYN, version 1 (RFC 8684, 3.1).
        if multipath { options.append(.multipath([0x01, 0x01])) }
        // As the kernel fills up: behind an end of the list nobody would see what a box adds.
        while options.reduce(0, { $0 + $1.bytes.count }) % 4 != 0 { options.append(.noOperation) }
        return options
    }
}

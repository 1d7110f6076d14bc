import Foundation
import HiccupsGuard
import L45Model

/// Two hosts and a router between them, each in a network namespace of its own. Root only.
///
/// The client has 10.73.0.1 and 10.74.0.1, the server 10.77.0.1 and 10.78.0.1: the pair with 7 is gated, the pair with 8
/// is the control, on the same hosts and the same wire.
final class GateLab: Sendable {
    static let isPossible = getuid() == 0 && ["nft", "ip", "python3"].allSatisfy { (try? run(["which", $0])) != nil }

    let client: String
    let router: String
    let server: String
    static let farMAC = "02:00:00:00:0b:01"

    static let gatedPair = "10.73.0.1:10.77.0.1"
    static let controlPair = "10.74.0.1:10.78.0.1"
    /// From the gated pair's client to the control's address, on the same server.
    static let crossedPair = "10.73.0.1:10.78.0.1"

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    init() throws {
        let stem = "l45g\(UInt32.random(in: 0...UInt32.max))"
        client = stem + "a"
        router = stem + "r"
        server = stem + "b"
        for each in [client, router, server] {
            try Self.run(["ip", "netns", "add", each])
            try Self.run(["ip", "-n", each, "link", "set", "lo", "up"])
        }
        try link(
            client, "ia", "ra", addresses: ["10.70.0.1/24", "10.73.0.1/32", "10.74.0.1/32"], gateway: "10.70.0.2/24")
        try link(
            server, "ib", "rb", addresses: ["10.71.0.1/24", "10.77.0.1/32", "10.78.0.1/32"], gateway: "10.71.0.2/24")
        for (block, via) in [
            ("10.77.0.0/24", "10.71.0.1"), ("10.78.0.0/24", "10.71.0.1"), ("10.73.0.0/24", "10.70.0.1"),
            ("10.74.0.0/24", "10.70.0.1"),
        ] { try Self.run(["ip", "-n", router, "route", "add", block, "via", via]) }
        try set(router, "net.ipv4.ip_forward", 1)
        for host in [client, server] {
            try set(host, "net.ipv4.tcp_ecn", 1)
            try set(host, "net.ipv4.tcp_fastopen", 3)
        }
    }

    deinit {
        for each in [client, router, server] { _ = try? Self.run(["ip", "netns", "del", each]) }
    }

    func runner(_ host: String) -> [String] { ["ip", "netns", "exec", host] }

    func set(_ host: String, _ name: String, _ value: Int) throws {
        try Self.run(runner(host) + ["sysctl", "-qw", "\(name)=\(value)"])
    }

    func nft(_ host: String, _ text: String) throws { try Self.run(runner(host) + ["nft", "-f", "-"], input: text) }

    /// Everything that l45 could have changed: rules, routes of both families.
    func traces(_ host: String) throws -> String {
        try Self.run(runner(host) + ["nft", "list", "ruleset"]) + Self.run(["ip", "-n", host, "-4", "route"])
            + Self.run(["ip", "-n", host, "-6", "route"])
    }

    /// A handshake as it was on the wire.
    struct Seen: Decodable {
        var source: String
        var destination: String
        var flags: UInt8
        var options: [String: String]
        var fastOpen: Bool

        var isAnswer: Bool { flags & 16 != 0 }

        /// Whether the extension is offered, or bounded less than to 1220 bytes.
        func offers(_ subject: PathExtension) -> Bool {
            switch subject {
            case .ecn: flags & 0x40 != 0
            case .windowScaling: options["3"] != nil
            case .timestamps: options["8"] != nil
            case .sack: options["4"] != nil
            case .mss: (options["2"].flatMap { Int($0, radix: 16) } ?? 0) > 1220
            case .mptcp: options["30"] != nil
            case .tfo: options["34"] != nil || options["254"] != nil
            }
        }
    }

    /// One connection of each kind for each pair, seen at the server's interface.
    func handshakes(_ pairs: [String] = [gatedPair, controlPair]) throws -> [Seen] {
        let text = try Self.run(["python3", "-B", Self.script("shake.py"), client, server, "ib"] + pairs)
        return try JSONDecoder().decode([Seen].self, from: Data(text.utf8))
    }

    /// Bits a second from the client to `destination`.
    func rate(to destination: String) throws -> Double {
        let text = try Self.run(["python3", "-B", Self.script("rate.py"), client, server, destination, "0.7"])
        guard let rate = Double(text) else {
            throw Failure(description: "no rate: \(text)")
        }
        return rate
    }

    static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../Hiccups/gates/\(name)").standardizedFileURL.path
    }

    /// - Throws: `GateError`, with what the program said.
    @discardableResult
    static func run(_ command: [String], input: String = "") throws -> String {
        try SystemTool(command).run(input: input, secondsMax: 60)
    }

    private func link(_ host: String, _ near: String, _ far: String, addresses: [String], gateway: String) throws {
        try Self.run(
            ["ip", "link", "add", near, "netns", host, "type", "veth", "peer", "name", far, "netns", router])
        if host == server { try Self.run(["ip", "-n", host, "link", "set", near, "address", Self.farMAC]) }
        for address in addresses { try Self.run(["ip", "-n", host, "addr", "add", address, "dev", near]) }
        try Self.run(["ip", "-n", router, "addr", "add", gateway, "dev", far])
        try Self.run(["ip", "-n", host, "link", "set", near, "up"])
        try Self.run(["ip", "-n", router, "link", "set", far, "up"])
        let via = gateway.split(separator: "/").first.map(String.init) ?? ""
        try Self.run(["ip", "-n", host, "route", "add", "default", "via", via])
    }
}

import ControlChannel
import Foundation
import L45Model
import NIOCore
import NIOPosix
import NIOSSL
import Orchestrator

/// Agents that are none: connections that never speak, hellos that come by the byte, and TLS with no, a foreign and an old
/// handshake, all at once and for as long as the process lives.
struct RogueFleet {
    let port: Int
    /// Connections that say nothing.
    let mute: Int
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init(port: Int, mute: Int) {
        self.port = port
        self.mute = mute
    }

    func run() async throws {
        try await withThrowingTaskGroup { tasks in
            for _ in 0..<mute {
                tasks.addTask { try await again { try await silence() } }
            }
            for _ in 0..<200 {
                tasks.addTask { try await again { try await drip() } }
            }
            for kind in Kind.allCases {
                tasks.addTask { try await again { try await greet(kind) } }
            }
            for try await _ in tasks {}
        }
    }

    private enum Kind: CaseIterable { case noCertificate, otherAuthority, oldTLS }

    /// However it ends, it begins anew.
    private func again(_ attack: () async throws -> Void) async throws {
        while !Task.isCancelled {
            try? await attack()
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func silence() async throws {
        try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get().closeFuture.get()
    }

    private func drip() async throws {
        let channel = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get()
        // A TLS record that says it has 512 bytes.
        for byte: UInt8 in [22, 3, 1, 2, 0] + [UInt8](repeating: 1, count: 500) {
            try await channel.writeAndFlush(ByteBuffer(bytes: [byte]))
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    private func greet(_ kind: Kind) async throws {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        switch kind {
        case .noCertificate: break
        case .oldTLS: tls.maximumTLSVersion = .tlsv12
        case .otherAuthority:
            let key = DeviceKey()
            let grant = try Self.foreign.get().grant(try key.signingRequest(), now: .now())
            tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(grant.certificatePEM.utf8))
                .map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.pem.utf8), format: .pem))
        }
        let context = try NIOSSLContext(configuration: tls)
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        try NIOSSLClientHandler(context: context, serverHostname: nil))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        // A frame that says it has 2 GiB.
        try? await channel.writeAndFlush(ByteBuffer(integer: UInt32(0x7fff_ffff)))
        try await channel.closeFuture.get()
    }

    private static let foreign = Result { try CertificateAuthority.create(now: .now()) }
}

/// The round trip to honest agents, at peace and under attack, in turns.
func measureRogue(agents: Int, mute: Int, rounds: Int) async throws {
    let measurement = try Measurement(count: agents)
    try await measurement.start()
    var peace: [Double] = []
    var attack: [Double] = []
    var ratios: [Double] = []
    var lost = 0
    for _ in 0..<rounds {
        let calm = try await measurement.roundTrips(for: .seconds(5))
        let rogues = try Child(["rogues", "\(await measurement.port)", "\(mute)"])
        // Until they are many.
        try await Task.sleep(for: .seconds(5))
        let stormy = try await measurement.roundTrips(for: .seconds(10))
        lost += agents - (await measurement.reporting)
        rogues.kill()
        peace.append(calm.median)
        attack.append(stormy.median)
        ratios.append(stormy.median / calm.median)
        report("round trip at peace \(calm.text), under attack \(stormy.text)")
        try await Task.sleep(for: .seconds(2))
    }
    let known = await measurement.known
    await measurement.stop()
    func text(_ values: [Double]) -> String {
        values.sorted()[values.count / 2].formatted(.number.precision(.fractionLength(3)))
    }
    report("RESULT rogue_round_trip_peace_ms=\(text(peace)) ms")
    report("RESULT rogue_round_trip_attack_ms=\(text(attack)) ms")
    report("RESULT rogue_attack_to_peace=\(text(ratios)) x")
    report("RESULT rogue_honest_lost=\(lost) agents")
    report("RESULT rogue_got_in=\(known - agents) devices")
}

/// Milliseconds.
struct RoundTrips {
    let sorted: [Double]
    init(_ values: [Double]) { sorted = values.sorted() }
    var median: Double { sorted.isEmpty ? .nan : sorted[sorted.count / 2] }
    var text: String {
        guard let last = sorted.last else { return "none" }
        func ms(_ value: Double) -> String { value.formatted(.number.precision(.fractionLength(2))) }
        return
            "\(ms(median)) ms (p99 \(ms(sorted[sorted.count * 99 / 100])), most \(ms(last)), \(sorted.count) of them)"
    }
}

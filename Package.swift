// swift-tools-version: 6.3
import PackageDescription

// The arrows of ARCHITECTURE.md, enforced: a target may import only what it lists here
// (CI builds with --explicit-target-dependency-import-check error).

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

// scripts/fuzz-swift sets this: fuzzers of frames, packets and intents, and coverage in what they run.
let fuzzing = Context.environment["L45_FUZZ"] != nil
let covered: [SwiftSetting] = fuzzing ? [.unsafeFlags(["-sanitize=fuzzer"])] : []

let strictC: [CSetting] = [
    .unsafeFlags(["-std=c99", "-Wall", "-Wextra", "-Werror"])
]

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let logging = product(name: "Logging", package: "swift-log")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let x509 = product(name: "X509", package: "swift-certificates")
    static let asn1 = product(name: "SwiftASN1", package: "swift-asn1")
    static let protobuf = product(name: "SwiftProtobuf", package: "swift-protobuf")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let yams = product(name: "Yams", package: "Yams")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
}

let package = Package(
    name: "l45",
    products: [
        .executable(name: "l45", targets: ["l45"]),
        .executable(name: "deploy-bench", targets: ["DeployBenchmark"]),
        .executable(name: "hiccups-bench", targets: ["HiccupsBenchmark"]),
        .executable(name: "hiccups-wire-bench", targets: ["HiccupsWireBenchmark"]),
        .executable(name: "path-circles", targets: ["PathCircles"]),
        .executable(name: "simulate-bench", targets: ["SimulateBenchmark"]),
        .executable(name: "reconcile-bench", targets: ["ReconcileBenchmark"]),
        .executable(name: "kernel-tap-probe", targets: ["KernelTapProbe"]),
        .executable(name: "check-bench", targets: ["CheckBenchmark"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // The values that every part speaks of; imports no sibling.
        .target(name: "L45Model", dependencies: [.crypto], swiftSettings: strict),

        // The dialect engine: freestanding C99, the same source in the kernel and in user space.
        .target(name: "CL45Core", exclude: ["LICENSE"], cSettings: strictC),

        // Orchestrator side.
        .target(
            name: "IntentCompiler", dependencies: ["L45Model", "CL45Core", .yams, .crypto],
            swiftSettings: strict + covered),
        .target(name: "Reconciler", dependencies: ["L45Model"], swiftSettings: strict),
        .target(name: "Inventory", dependencies: ["L45Model", .grdb, .crypto], swiftSettings: strict),
        .target(
            name: "ControlChannel",
            dependencies: [
                "L45Model", .nioCore, .nioPosix, .nioSSL, .x509, .asn1, .crypto, .protobuf, .logging,
            ],
            exclude: ["Protocol/control.proto"],
            swiftSettings: strict + covered),
        // Following git repositories: what to do as values, git as a program, in a bare repository.
        .target(name: "GitSource", dependencies: ["L45Model", .subprocess, .crypto], swiftSettings: strict),
        .target(
            name: "Orchestrator",
            dependencies: [
                "L45Model", "CL45Core", "IntentCompiler", "Reconciler", "Inventory", "ControlChannel", "HiccupsGuard",
                "GitSource",
                .nioCore, .nioPosix, .nioHTTP1, .nioSSL, .logging, .lifecycle, .crypto,
            ],
            swiftSettings: strict),

        // Device side.
        .target(
            name: "KernelTap",
            dependencies: ["L45Model", "CL45Core", "CL45Tap", "CL45Netlink", "CNetlink", .logging],
            swiftSettings: strict),
        // libnl: the way to the kernel tap.
        .systemLibrary(name: "CNetlink", pkgConfig: "libnl-genl-3.0", providers: [.apt(["libnl-genl-3-dev"])]),
        // The kernel tap's messages: kmod/uapi/l45.h itself, no copy of it.
        .target(name: "CL45Netlink", dependencies: ["CL45Core"], cSettings: strictC),
        // Only the layout of the memory that agent and tapped processes share: a header.
        .target(name: "CL45Tap", dependencies: ["CL45Core"], cSettings: strictC),
        .target(
            name: "Agent",
            dependencies: [
                "L45Model", "ControlChannel", "KernelTap", "HiccupsGuard", .nioCore, .logging, .lifecycle, .crypto,
            ],
            swiftSettings: strict),

        // The whole control plane in one thread of virtual time: everything above but sockets and disks.
        .target(
            name: "Simulation",
            dependencies: [
                "L45Model", "IntentCompiler", "Reconciler", "Orchestrator", "ControlChannel", "Agent", "KernelTap",
                "CL45Core", "CL45Tap",
            ],
            swiftSettings: strict),

        // The one binary: a library that tests can import, and its `main`.
        .target(
            name: "L45Command",
            dependencies: [
                "L45Model", "IntentCompiler", "ControlChannel", "Orchestrator", "Agent", "KernelTap", "Simulation",
                "HiccupsGuard",
                .argumentParser, .logging, .lifecycle, .unixSignals, .yams, .nioCore,
            ],
            swiftSettings: strict),
        .executableTarget(name: "l45", dependencies: ["L45Command"], swiftSettings: strict),

        // What a path does to handshake headers: packets, integrity, inference, interrogation, pure; and the raw-socket
        // shell around them.
        .target(name: "HiccupsGuard", dependencies: ["L45Model", "CPacketSocket"], swiftSettings: strict + covered),
        // AF_PACKET addresses and rtnetlink questions, for which Swift has no words.
        .target(name: "CPacketSocket", cSettings: strictC),

        // Benchmarks: RESULT lines, run by scripts/bench.
        .executableTarget(
            name: "DeployBenchmark",
            dependencies: [
                "L45Model", "Orchestrator", "Inventory", "Reconciler", "ControlChannel", "Agent", "KernelTap",
                .logging, .nioCore, .nioPosix, .nioSSL,
            ],
            path: "Benchmarks/deploy/Sources",
            swiftSettings: strict),

        .executableTarget(
            name: "HiccupsBenchmark", dependencies: ["HiccupsGuard", "L45Model"],
            path: "Benchmarks/hiccups-detect/Sources",
            swiftSettings: strict),
        .executableTarget(
            name: "HiccupsWireBenchmark", dependencies: ["HiccupsGuard", "L45Model"],
            path: "Benchmarks/hiccups-wire/Sources",
            swiftSettings: strict),
        // Guarded paths with real boxes, transfers and gates: driven by Tests/Hiccups/circles/run.
        .executableTarget(
            name: "PathCircles", dependencies: ["HiccupsGuard", "L45Model"], path: "Tests/Hiccups/circles/Sources",
            swiftSettings: strict),

        .executableTarget(
            name: "CheckBenchmark", dependencies: ["Orchestrator", "KernelTap", "L45Model"],
            path: "Benchmarks/challenge/Sources",
            swiftSettings: strict),

        .executableTarget(
            name: "SimulateBenchmark", dependencies: ["Simulation", "L45Model"],
            path: "Benchmarks/simulate/Sources",
            swiftSettings: strict),

        .executableTarget(
            name: "ReconcileBenchmark", dependencies: ["IntentCompiler", "Reconciler", "L45Model"],
            path: "Benchmarks/reconcile/Sources",
            swiftSettings: strict),

        // Checks of the kernel tap, to be run beside the real module in a machine that may break: kmod/tests.
        .executableTarget(
            name: "KernelTapProbe", dependencies: ["KernelTap", "L45Model"], path: "Tests/KernelTapProbe",
            exclude: ["run"], swiftSettings: strict),

        .testTarget(name: "L45ModelTests", dependencies: ["L45Model"], swiftSettings: strict),
        .testTarget(name: "CL45CoreTests", dependencies: ["CL45Core", "L45Model"], swiftSettings: strict),
        .testTarget(
            name: "IntentCompilerTests", dependencies: ["IntentCompiler", "L45Model", .yams], swiftSettings: strict),
        .testTarget(name: "ReconcilerTests", dependencies: ["Reconciler", "L45Model"], swiftSettings: strict),
        .testTarget(name: "InventoryTests", dependencies: ["Inventory", "L45Model", .grdb], swiftSettings: strict),
        .testTarget(
            name: "ControlChannelTests",
            dependencies: [
                "ControlChannel", "L45Model", .nioCore, .nioPosix, .nioEmbedded, .nioSSL, .x509, .asn1, .protobuf,
                .logging,
            ],
            swiftSettings: strict),
        // Real repositories for tests.
        .target(name: "GitFixture", dependencies: [.subprocess], path: "Tests/GitFixture", swiftSettings: strict),
        .testTarget(
            name: "GitSourceTests", dependencies: ["GitSource", "GitFixture", "L45Model"], swiftSettings: strict),
        .testTarget(name: "HiccupsGuardTests", dependencies: ["HiccupsGuard", "L45Model"], swiftSettings: strict),
        .testTarget(
            name: "KernelTapTests",
            dependencies: ["KernelTap", "L45Model", "CL45Core", "CL45Tap", "CL45Netlink", "CNetlink"],
            swiftSettings: strict),
        .testTarget(
            name: "AgentTests",
            dependencies: ["Agent", "HiccupsGuard", "KernelTap", "ControlChannel", "L45Model", .logging, .nioCore],
            swiftSettings: strict),
        .testTarget(
            name: "OrchestratorTests",
            dependencies: [
                "Orchestrator", "CL45Core", "Agent", "KernelTap", "ControlChannel", "Inventory", "Reconciler",
                "IntentCompiler",
                "HiccupsGuard", "GitSource", "GitFixture", "L45Model", .logging, .nioCore, .nioPosix, .nioHTTP1,
                .crypto,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SimulationTests", dependencies: ["Simulation", "L45Model"], swiftSettings: strict),
        // Needs the binary: some of its tests run it.
        .testTarget(
            name: "L45CommandTests",
            dependencies: [
                "L45Command", "l45", "Simulation", "HiccupsGuard", "KernelTap", "ControlChannel", "L45Model",
                .argumentParser, .logging, .nioCore, .nioPosix,
            ],
            swiftSettings: strict),
    ],
    cLanguageStandard: .c99
)

if fuzzing {
    package.targets.append(
        .executableTarget(
            name: "FrameFuzzer", dependencies: ["ControlChannel"], path: "Fuzzers/frame",
            swiftSettings: strict, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
    package.targets.append(
        .executableTarget(
            name: "PacketFuzzer", dependencies: ["HiccupsGuard", "L45Model"], path: "Fuzzers/packet",
            swiftSettings: strict, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
    package.targets.append(
        .executableTarget(
            name: "IntentFuzzer", dependencies: ["IntentCompiler"], path: "Fuzzers/intent", exclude: ["words.dict"],
            swiftSettings: strict, linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
}

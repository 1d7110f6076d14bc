import Foundation
import KernelTap
import L45Model
import Testing

/// The tap's library, as `scripts/build-tap` makes it.
enum TapLibrary {
    static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".build/tap/libl45tap.so").path
    static var isBuilt: Bool { FileManager.default.fileExists(atPath: path) }
}

@Suite("A real program under the tap, as the agent reads it", .enabled(if: TapLibrary.isBuilt))
struct TappedProcessTests {
    /// Sends one datagram to itself, says so, and stays until it is told to go.
    static let program = """
        import socket, sys
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect(receiver.getsockname())
        sender.send(b"hello")
        print(len(receiver.recv(100)), receiver.getsockname()[1], flush=True)
        sys.stdin.read()
        """

    @Test("Its process, socket, counters and filled-in flow are read from the tap, and are gone when it is gone")
    func reads() throws {
        let scratch = try Scratch()
        let tap = try PreloadTap(folder: "\(scratch.path)/tap")
        try tap.publish(
            Modules.table(
                3,
                Modules.entry(1, remotes: ["127.0.0.1"]) { plan in
                    plan.tapSocket.application.process = "python*"
                    plan.tapSocket.remotes[0].port = nil
                    plan.directions = .init(request: true, response: false)
                }))
        var environment = ProcessInfo.processInfo.environment
        environment["L45_TAP_LIBRARY"] = TapLibrary.path
        let launch = try TapLauncher.prepare(
            command: ["python3", "-c", Self.program], tapFolder: tap.folder, environment: environment)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: launch.path)
        process.arguments = Array(launch.arguments.dropFirst())
        process.environment = launch.environment
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var said = Data()
        while !said.contains(UInt8(ascii: "\n")) {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { break }
            said += more
        }
        let line = String(decoding: said, as: UTF8.self)
        let words = line.split { $0 == " " || $0 == "\n" }
        try #require(words.count == 2, "the program said '\(line)'")
        // Nothing decodes what it sends to itself: its five bytes come with their tag of 32.
        #expect(words[0] == "37")

        let reading = try tap.read()
        let module = try #require(reading.modules.first)
        #expect(reading.processes >= 1)
        #expect(reading.inForce == Generation(3))
        #expect(module.sockets >= 1)
        #expect(module.statistics.messagesSent == 1)
        #expect(module.statistics.bytesSent == 5)
        #expect(module.sentAt > .never)
        let flow = try #require(module.filledIn.first { $0.contains("127.0.0.1:\(words[1])") }, "\(module.filledIn)")
        #expect(flow.hasPrefix("udp ") && flow.contains("python"))

        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        let after = try tap.read()
        #expect(after.processes == 0)
        #expect(after.modules.first?.statistics.messagesSent == 1)
        #expect(after.modules.first?.sockets == 0)
    }
}

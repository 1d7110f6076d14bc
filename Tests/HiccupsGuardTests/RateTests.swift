import Foundation
import L45Model
import Synchronization
import Testing

@testable import HiccupsGuard

@Suite("Test transfers, on loopback")
struct RateTests {
    /// A sink on a port that was free.
    private func serve(_ openers: [String], _ body: (UInt16) async throws -> Void) async throws {
        for _ in 0..<20 {
            let port = UInt16.random(in: 20_000...50_000)
            let sink = RateSink(port: port, openers: openers.compactMap { AddressBlock($0) })
            let stop = StopFlag()
            let outcome = await withCheckedContinuation { (done: CheckedContinuation<ProbeError?, Never>) in
                BlockingThread.start {
                    let told = Mutex(false)
                    func tell(_ error: ProbeError?) {
                        if told.withLock({ told in
                            defer { told = true }; return !told
                        }) {
                            done.resume(returning: error)
                        }
                    }
                    do throws(ProbeError) {
                        try sink.run(stop) { tell(nil) }
                    } catch { tell(error) }
                }
            }
            if case .portTaken? = outcome { continue }
            #expect(outcome == nil)
            defer { stop.set() }
            return try await body(port)
        }
    }

    private func path(_ port: UInt16, _ host: String = "127.0.0.1") throws -> GuardedPath {
        let address = try #require(HostAddress(host))
        return GuardedPath(
            name: "wan/\(host)", destination: try #require(AddressBlock(host)), policy: PathPolicy(), farAgent: true,
            target: ProbeTarget(address: address, port: 4545), ratePort: port)
    }

    @Test("What an ordinary connection achieves is measured, and it takes a bounded time")
    func measured() async throws {
        try await serve(["127.0.0.0/8"]) { port in
            let begin = ContinuousClock.now
            let rate = try #require(await TransferMeter().rate(of: path(port)))
            // Loopback under a heavy load still moves more than 10 Mbit/s.
            #expect(rate > 1e7, "\(rate)")
            #expect(ContinuousClock.now - begin < .seconds(18))
        }
    }

    @Test("A stranger is cut off, and where nobody listens nothing is measured")
    func strangers() async throws {
        try await serve(["192.0.2.1"]) { port in
            let path = try path(port)
            #expect(await TransferMeter().rate(of: path) == nil)
        }
        var unknown = try path(1)
        #expect(await TransferMeter().rate(of: unknown) == nil)
        unknown.ratePort = nil
        #expect(await TransferMeter().rate(of: unknown) == nil)
    }

    @Test("The SYN of a probe offers what this host's kernel would")
    func offers() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "l45-offers-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(
            at: folder.appending(path: "ipv4"), withIntermediateDirectories: true)
        try Data("0\n".utf8).write(to: folder.appending(path: "ipv4/tcp_window_scaling"))
        try Data("2\n".utf8).write(to: folder.appending(path: "ipv4/tcp_fastopen"))
        let offers = HostOffers.read(folder.path)
        // What the kernel does not say is taken as it is without a setting.
        #expect(offers == HostOffers(windowScaling: false, fastOpen: false, multipath: false))
        #expect(
            offers.options == [
                .maximumSegmentSize(1460), .sackPermitted, .timestamp(value: 1, echo: 0),
            ])
        // Filled up without an end of the list, behind which nobody would see what a box adds.
        #expect(HostOffers().options.reduce(0) { $0 + $1.bytes.count } == 28)
        #expect(throws: Never.self) { _ = try OptionBlock(HostOffers().options) }
    }
}

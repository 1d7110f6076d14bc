private import Glibc
import L45Model

/// Measures a path by bounded test transfers to the far agent: the best of three, each the slower of its two directions.
///
/// A transfer and not the counters of connections that happen to be open: those began before the gate, which changes nothing
/// for them, and move as fast as their programs do. It costs at most ``RateBounds/spanMilliseconds`` of the path's capacity
/// in each direction, three times, and only when gates change.
package struct TransferMeter: PathMeter {
    private static let transfers = 3

    package init() {}

    package func rate(of path: GuardedPath) async -> Double? {
        guard let target = path.target, let port = path.ratePort else { return nil }
        let stop = StopFlag()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Double?, Never>) in
                BlockingThread.start {
                    var best: Double?
                    for _ in 0..<Self.transfers {
                        // Where one does not come about, none will.
                        guard !stop.isSet, let rate = Self.transfer(to: target.address, port) else { break }
                        best = max(best ?? 0, rate)
                    }
                    continuation.resume(returning: best)
                }
            }
        } onCancel: {
            stop.set()
        }
    }

    /// - Returns: bits a second; nil where no transfer came about.
    private static func transfer(to host: HostAddress, _ port: UInt16) -> Double? {
        let whole = ContinuousClock.now + .milliseconds(RateBounds.wholeMilliseconds)
        guard let socket = RateSocket(isIPv6: host.isIPv6) else { return nil }
        let address = RateSocket.address(host, port: port, isIPv6: host.isIPv6)
        let code = address.withUnsafeBytes { raw in
            raw.baseAddress.map {
                connect(socket.descriptor, $0.assumingMemoryBound(to: sockaddr.self), UInt32(raw.count))
            }
        }
        guard code == 0 || errno == EINPROGRESS,
            socket.wait(POLLOUT, until: min(whole, .now + .milliseconds(RateBounds.connectMilliseconds)))
        else { return nil }
        var go: UInt8 = 0
        guard socket.wait(POLLIN, until: whole), recv(socket.descriptor, &go, 1, 0) == 1, go == RateBounds.go else {
            return nil
        }
        defer { socket.reset() }
        let span = Duration.milliseconds(RateBounds.spanMilliseconds)
        let begin = ContinuousClock.now
        let sent = socket.pour(until: min(begin + span, whole))
        let up = rate(sent - socket.unacknowledged, since: begin)
        shutdown(socket.descriptor, Int32(SHUT_WR))
        // From the first byte on: what is queued for the far end arrives before.
        guard socket.wait(POLLIN, until: whole) else { return up > 0 ? 0 : nil }
        let second = ContinuousClock.now
        let got = socket.drain(until: min(second + span, whole))
        return min(up, rate(got, since: second))
    }

    private static func rate(_ bytes: Int, since begin: ContinuousClock.Instant) -> Double {
        let parts = (ContinuousClock.now - begin).components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        return Double(max(0, bytes)) * 8 / max(seconds, 0.001)
    }
}

import L45Model
import Logging
import NIOCore
import Synchronization

/// Tells of refused peers: the log, and whoever the server was given. Counted by `RefusalLedger`.
final class NoticeDesk: Sendable {
    private let ledger = Mutex(RefusalLedger())
    private let tell: @Sendable (ChannelNotice) -> Void
    private let logger: Logger

    init(tell: @escaping @Sendable (ChannelNotice) -> Void, logger: Logger) {
        self.tell = tell
        self.logger = logger
    }

    /// Ends that are nobody's fault.
    private static let orderly: Set<ChannelRefusal.Code> = [.closed, .superseded]

    func refused(_ refusal: ChannelRefusal, from address: String, device: DeviceID?) {
        let code = refusal.code
        guard !Self.orderly.contains(code) else { return }
        guard let (key, count) = ledger.withLock({ $0.count(address, code, now: .now()) }) else { return }
        let reason = refusal.inside ?? refusal.text
        logger.info(
            "connection refused",
            metadata: [
                "from": "\(key.address)", "code": "\(code.rawValue)", "reason": "\(reason)", "count": "\(count)",
                "device": "\(device.map { "\($0)" } ?? "-")",
            ])
        tell(
            .refused(RefusedPeer(address: key.address, device: device, code: code, reason: reason, count: count)))
    }

    func contested(_ device: DeviceID, heldFrom: String, refused: String) {
        logger.warning(
            "a device's key is in use at two places",
            metadata: ["device": "\(device)", "connected": "\(heldFrom)", "refused": "\(refused)"])
        tell(.contested(device, heldFrom: heldFrom, refused: refused))
    }
}

import Foundation
import L45Model

/// Where alerts are delivered to.
package enum AlertSink: Hashable, Sendable {
    /// RFC 5424 as datagrams to a socket of syslog's, `/dev/log`.
    case syslog(socket: String)
    /// journald's own form, with fields, to `/run/systemd/journal/socket`.
    case journal(socket: String)
    case webhook(Webhook)
    case command(AlertProgram)

    /// By which its standing is kept. A URL may hold a secret in its path: its digest stands for it.
    package var name: String {
        switch self {
        case .syslog(let socket): "syslog:\(socket)"
        case .journal(let socket): "journal:\(socket)"
        case .webhook(let hook): "webhook:\(hook.host):\(hook.port)#\(Digest(of: Data(hook.text.utf8)).short)"
        case .command(let program): "command:\(program.argv.first ?? "")"
        }
    }

    /// Blocks no thread of tasks for longer than a local datagram takes.
    func deliver(_ delivery: AlertDelivery, now: Timestamp) async -> AlertDispatch.Failure? {
        switch self {
        case .syslog(let socket): Self.send(SyslogForm.syslog(delivery), to: socket)
        case .journal(let socket): Self.send(SyslogForm.journal(delivery), to: socket)
        case .webhook(let hook): await hook.post(delivery, now: now)
        case .command(let program): await program.run(delivery)
        }
    }

    private static func send(_ bytes: [UInt8], to socket: String) -> AlertDispatch.Failure? {
        LocalDatagram.send(bytes, to: socket).map { AlertDispatch.Failure.unavailable($0, retryAfter: nil) }
    }
}

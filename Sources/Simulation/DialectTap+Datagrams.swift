import CL45Core
import CL45Tap
package import L45Model
import Synchronization

/// Datagrams, whole.
extension DialectTap {
    /// What leaves the device when a program sends `message` to `peer`.
    /// - Parameters:
    ///   - port: the server's.
    ///   - answering: the program is the server of the conversation.
    package func send(
        _ message: [UInt8], to peer: PeerAddress, port: UInt16, answering: Bool, at now: Timestamp
    ) -> [UInt8] {
        state.withLock { state in
            let chosen = state.rules(port: port).first { rule in
                guard rule.maySend(L45_DATAGRAM), rule.matches(peer, port: port, isServer: answering) else {
                    return false
                }
                // A server that takes requests in the dialect answers in kind.
                return !answering || !rule.carries(outgoing: false)
                    || state.speakers[Speaker(peer: peer, group: rule.group)] ?? false
            }
            guard let chosen else { return message }
            var wire = [UInt8](repeating: 0, count: message.count + Int(L45_TAG_BYTES_MAX + L45_CODING_ADDS_MAX))
            let count = l45_datagram_encode(
                chosen.codec.pointer, chosen.direction(outgoing: true), message, message.count, &wire, wire.count)
            guard count > 0 else { return message }
            state.note(chosen.module) { report in
                report.sentAt = now
                report.activeAt = now
                report.statistics.messagesSent += 1
                report.statistics.bytesSent += UInt64(message.count)
            }
            wire.removeLast(wire.count - count)
            return wire
        }
    }

    /// What becomes of a message that arrives.
    package enum Arrival: Hashable, Sendable {
        /// Handed to the program: decoded by a module, or as it came.
        case delivered([UInt8], by: ModuleID?)
        /// Dropped because it came plain.
        case dropped(by: ModuleID)
    }

    /// - Parameters:
    ///   - port: the server's.
    ///   - answering: the program that it is for is the server of the conversation.
    package func receive(
        _ wire: [UInt8], from peer: PeerAddress, port: UInt16, answering: Bool, at now: Timestamp
    ) -> Arrival {
        state.withLock { state in
            let readers = state.rules(port: port).filter {
                $0.mayRead(L45_DATAGRAM) && $0.matches(peer, port: port, isServer: answering)
            }
            var message = wire + [UInt8](repeating: 0, count: Int(L45_CODING_SAVES_MAX))
            for reader in readers {
                // A refusal leaves the message as it is.
                let count = l45_datagram_decode(
                    reader.codec.pointer, reader.direction(outgoing: false), &message, wire.count)
                guard count >= 0 else { continue }
                if answering { state.speakers[Speaker(peer: peer, group: reader.group)] = true }
                state.note(reader.module) { report in
                    report.receivedAt = now
                    report.activeAt = now
                    report.statistics.messagesReceived += 1
                    report.statistics.bytesReceived += UInt64(count)
                }
                message.removeLast(message.count - count)
                return .delivered(message, by: reader.module)
            }
            if answering {
                for reader in readers { state.speakers[Speaker(peer: peer, group: reader.group)] = false }
            }
            if let enforcing = readers.first(where: \.enforces) {
                state.note(enforcing.module) { $0.statistics.dropped += 1 }
                return .dropped(by: enforcing.module)
            }
            return .delivered(wire, by: nil)
        }
    }
}

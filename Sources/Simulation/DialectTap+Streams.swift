import CL45Core
import L45Model
import Synchronization

/// Connections: an ordered stream of bytes each way. They end with the device, not with the agent.
extension DialectTap {
    func open(_ connection: Int, to peer: PeerAddress, port: UInt16, isServer: Bool) {
        state.withLock { state in
            state.streams[connection] = StreamEnd(
                peer: peer, port: port, isServer: isServer, rules: state.rules(port: port), sequence: state.sequence)
        }
    }

    func close(_ connection: Int) { state.withLock { $0.streams[connection] = nil } }

    /// What a program's write puts on the wire; nil: there is no such connection here.
    /// - Parameter room: how much the system takes at a time, at least 1.
    func write(_ plain: [UInt8], on connection: Int, room: Int, at now: Timestamp) -> [UInt8]? {
        state.withLock { state in
            guard var end = state.refreshed(connection) else { return nil }
            let wire = end.write(plain, room: room)
            state.streams[connection] = end
            if end.isSending != L45_PLAIN, let module = end.spoken {
                state.note(module) { report in
                    report.sentAt = now
                    report.activeAt = now
                    report.statistics.bytesSent += UInt64(plain.count)
                }
            }
            return wire
        }
    }

    /// What becomes of bytes that arrive on a connection.
    enum StreamArrival {
        case delivered([UInt8], framed: Bool)
        /// They are in no dialect that this end knows.
        case broken
        /// There is no such connection here.
        case closed
    }

    func read(_ wire: [UInt8], on connection: Int, at now: Timestamp) -> StreamArrival {
        state.withLock { state in
            guard var end = state.refreshed(connection) else { return .closed }
            let plain = end.read(wire)
            state.streams[connection] = end
            guard let plain else { return .broken }
            let isFramed = end.isReceiving == L45_FRAMED
            if isFramed, let module = end.heard {
                state.note(module) { report in
                    report.receivedAt = now
                    report.activeAt = now
                    report.statistics.bytesReceived += UInt64(plain.count)
                }
            }
            return .delivered(plain, framed: isFramed)
        }
    }
}

extension DialectTap.State {
    /// The end of this connection, by the rules of now.
    func refreshed(_ connection: Int) -> StreamEnd? {
        guard var end = streams[connection] else { return nil }
        if end.sequence != sequence { end.look(rules(port: end.port), sequence) }
        return end
    }

    /// Connections whose frame under way, either way, is in a module's dialect.
    var streamsByModule: [ModuleID: Int] {
        var counts: [ModuleID: Int] = [:]
        for end in streams.values {
            let spoken = end.isSending == L45_FRAMED ? end.spoken : nil
            let heard = end.isReceiving == L45_FRAMED ? end.heard : nil
            if let spoken { counts[spoken, default: 0] += 1 }
            if let heard, heard != spoken { counts[heard, default: 0] += 1 }
        }
        return counts
    }
}

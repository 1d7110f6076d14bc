import KernelTap
import L45Model

/// Connections through the taps: opened, written to, reset and closed, and every byte compared.
extension Simulation {
    /// A client opens a connection; the next one comes some time later.
    func openStream(_ client: DeviceID, _ server: DeviceID) {
        queue.put(.openStream(client: client, server: server), at: delay(6_000))
        guard let port = streamPorts.randomElement(using: &random) else { return }
        openStream(client, server, port: port)
    }

    func openStream(_ client: DeviceID, _ server: DeviceID, port: UInt16) {
        guard let from = devices[client],
            let to = devices[server], !from.isDark, !to.isDark
        else { return }
        streams += 1
        conversations[streams] = Conversation(
            client: client, server: server, port: port, isExcused: from.isBereft || isLenient)
        report.streams += 1
        from.tap.open(streams, to: to.peer, port: port, isServer: false)
        queue.put(.acceptStream(streams), at: delay(Self.lineDelayMax))
        queue.put(.endStream(streams), at: delay(12_000))
    }

    private static let lineDelayMax: Int64 = 300

    func acceptStream(_ id: Int) {
        guard let conversation = conversations[id] else { return }
        guard let to = devices[conversation.server], let from = devices[conversation.client], !to.isDark else {
            return reset(id)
        }
        to.tap.open(id, to: from.peer, port: conversation.port, isServer: true)
        conversations[id]?.isAccepted = true
        if to.isBereft || isLenient { conversations[id]?.isExcused = true }
        write(id, fromServer: false)
    }

    /// The program of one end writes some bytes.
    func write(_ id: Int, fromServer: Bool) {
        guard let conversation = conversations[id], conversation.isAccepted, !conversation.isEnding else { return }
        if !fromServer { queue.put(.writeStream(id), at: delay(2_500)) }
        let end = fromServer ? conversation.server : conversation.client
        guard let device = devices[end] else { return }
        let plain = bytes(atMost: 400)
        let room = Int.random(in: 1...96, using: &random)
        guard let wire = device.tap.write(plain, on: id, room: room, at: device.clock(now)) else { return reset(id) }
        if device.isBereft { conversations[id]?.isExcused = true }
        if fromServer {
            conversations[id]?.toClient.wire += wire
            conversations[id]?.toClient.owed += plain
        } else {
            conversations[id]?.toServer.wire += wire
            conversations[id]?.toServer.owed += plain
        }
        move(id, toServer: !fromServer)
    }

    private func move(_ id: Int, toServer: Bool) {
        let line = toServer ? conversations[id]?.toServer : conversations[id]?.toClient
        guard let line, !line.isMoving, !line.wire.isEmpty else { return }
        if toServer { conversations[id]?.toServer.isMoving = true } else { conversations[id]?.toClient.isMoving = true }
        queue.put(.arriveStream(id, toServer: toServer), at: delay(Self.lineDelayMax))
    }

    /// Some of the bytes that are under way arrive, in one piece.
    func arriveStream(_ id: Int, toServer: Bool) {
        guard let conversation = conversations[id],
            let device = devices[toServer ? conversation.server : conversation.client]
        else { return }
        var line = toServer ? conversation.toServer : conversation.toClient
        let count = Int.random(in: 1...max(1, line.wire.count), using: &random)
        let piece = Array(line.wire.prefix(count))
        line.wire.removeFirst(piece.count)
        line.isMoving = false
        let arrival = device.tap.read(piece, on: id, at: device.clock(now))
        switch arrival {
        case .closed: return reset(id)
        case .delivered(let plain, let isFramed) where line.owed.starts(with: plain):
            line.owed.removeFirst(plain.count)
            report.streamBytes += plain.count
            if isFramed { report.streamBytesFramed += plain.count }
            if toServer { conversations[id]?.toServer = line } else { conversations[id]?.toClient = line }
            if toServer, !plain.isEmpty, random.once(in: 2) { write(id, fromServer: true) }
            move(id, toServer: toServer)
            closeWhenDone(id)
        case .delivered, .broken:
            if isLenient || device.isBereft || conversation.isExcused {
                report.excused += 1
                return reset(id)
            }
            var what = "a stream is in no dialect known there"
            if case .delivered = arrival { what = "a stream's bytes were changed on the way" }
            violate("\(what): \(conversation.client) to \(conversation.server), \(toServer ? "requests" : "answers")")
        }
    }

    func endStream(_ id: Int) {
        conversations[id]?.isEnding = true
        closeWhenDone(id)
    }

    private func closeWhenDone(_ id: Int) {
        guard let conversation = conversations[id], conversation.isEnding, conversation.toServer.wire.isEmpty,
            conversation.toClient.wire.isEmpty
        else { return }
        // All has arrived: what is still owed was swallowed.
        if !conversation.toServer.isEmpty || !conversation.toClient.isEmpty {
            if isLenient || conversation.isExcused {
                report.excused += 1
            } else {
                let owed = conversation.toServer.owed.count + conversation.toClient.owed.count
                violate("a stream ended and \(owed) bytes of it were not delivered")
            }
        }
        reset(id)
    }

    /// The connection is gone at both ends.
    func reset(_ id: Int) {
        guard let conversation = conversations.removeValue(forKey: id) else { return }
        devices[conversation.client]?.tap.close(id)
        devices[conversation.server]?.tap.close(id)
    }

    /// Every connection of a device is gone.
    func resetStreams(of device: DeviceID) {
        for id in conversations.filter({ $0.value.involves(device) }).keys.sorted() { reset(id) }
    }
}

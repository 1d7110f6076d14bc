import KernelTap
import L45Model

/// Programs that talk through the taps, and what they get.
extension Simulation {
    func talk(_ client: DeviceID, _ server: DeviceID) {
        queue.put(.talk(client: client, server: server), at: delay(1_600))
        // One message, and with many flows one for each four of them.
        for _ in 0..<(1 + datagramPorts.count / 4) {
            guard let port = datagramPorts.randomElement(using: &random) else { return }
            send(bytes(atMost: 96), from: client, to: server, port: port, isAnswer: false)
        }
    }

    /// - Returns: at least one byte.
    func bytes(atMost most: Int) -> [UInt8] {
        let count = Int.random(in: 1...most, using: &random)
        var word: UInt64 = 0
        return (0..<count).map { at in
            if at % 8 == 0 { word = random.next() }
            defer { word >>= 8 }
            return UInt8(truncatingIfNeeded: word)
        }
    }

    func send(_ plain: [UInt8], from: DeviceID, to: DeviceID, port: UInt16, isAnswer: Bool) {
        guard let sender = devices[from], let receiver = devices[to], !sender.isDark else { return }
        let wire = sender.tap.send(
            plain, to: receiver.peer, port: port, answering: isAnswer, at: sender.clock(now))
        let packet = Packet(
            from: from, to: to, port: port, isAnswer: isAnswer, plain: plain, wire: wire, sentAt: now,
            senderWasBereft: sender.isBereft)
        if random.once(in: setup.chaos.lossOdds) {
            report.lost += 1
            return
        }
        // Each takes its own time, so they overtake one another.
        queue.put(.arrive(packet), at: delay(SimulationSetup.flightMax))
        if random.once(in: setup.chaos.duplicateOdds) {
            queue.put(.arrive(packet), at: delay(SimulationSetup.flightMax))
        }
    }

    func arrive(_ packet: Packet) {
        guard let receiver = devices[packet.to], let sender = devices[packet.from] else { return }
        // Nobody listens there.
        guard !receiver.isDark else {
            report.lost += 1
            return
        }
        let arrival = receiver.tap.receive(
            packet.wire, from: sender.peer, port: packet.port, answering: !packet.isAnswer, at: receiver.clock(now))
        switch arrival {
        case .delivered(packet.plain, let module):
            report.delivered += 1
            if module != nil { report.deliveredTagged += 1 }
            if !packet.isAnswer {
                send(packet.plain.reversed(), from: packet.to, to: packet.from, port: packet.port, isAnswer: true)
            }
        case .delivered, .dropped:
            if isLenient || receiver.isBereft || packet.senderWasBereft {
                report.excused += 1
                return
            }
            let what = packet.wire == packet.plain ? "a plain message was dropped" : "a message was not understood"
            violate("\(what): \(packet.from) to \(packet.to), sent at \((packet.sentAt - Self.base).milliseconds) ms")
        }
    }
}

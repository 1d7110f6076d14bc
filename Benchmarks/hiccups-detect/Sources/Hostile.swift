import HiccupsGuard
import L45Model

/// A box that knows the protocol, makes one change each way and mends the integrity: what share of handshakes shows it.
struct Hostile {
    enum Integrity: String, CaseIterable { case plain, appsaltUnseen, appsaltGuessed, keyed }

    private(set) var handshakes = 0
    private(set) var detected = 0
    var share: Double { Double(detected) / Double(max(handshakes, 1)) }

    /// The responder or the initiator has seen that something is not as it was sent.
    mutating func take(_ integrity: Integrity, _ change: HeaderChange, _ random: inout SeededRandom) throws {
        let data = (0..<AppSalt.bytesMax).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let functions: FragmentFunctions
        var guess = FragmentFunctions.plain
        switch integrity {
        case .plain: functions = .plain
        case .appsaltUnseen: functions = .appSalted(AppSalt(data))
        case .appsaltGuessed:
            functions = .appSalted(AppSalt(data))
            guess = functions
        case .keyed:
            let secret = (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            guard let key = PathKey(Secret(secret)) else { return }
            functions = .keyed(key, exchange: UInt64(handshakes))
        }
        let initiator = Initiator(template: try Templates.fitting(change, &random), functions: functions)
        let box = Middlebox(
            forward: [change], reverse: [change], parameters: ChangeParameters(using: &random))
        let tactics: [HostileMiddlebox.Tactic] = [.recompute, .difference]
        let hostile = HostileMiddlebox(box, tactic: tactics[handshakes % tactics.count], guess: guess)
        let syn = initiator.open(PerCarrier(all: .full), salt: .random(in: .min ... .max, using: &random))
        let arrived = hostile.forward(syn)
        handshakes += 1
        let synSeen = arrived.readSYN(by: functions).verdict == .changedOrIncapable
        guard case .keyed = functions else {
            if integrity == .plain {
                let back = hostile.reverse(Responder().answer(arrived, salt: 5).synAck, of: syn)
                let reply = initiator.read(back, answering: syn)
                let passed = reply.forwardIntact(capable: true) == true && reply.reverseIntact(.full) == true
                if synSeen || !passed { detected += 1 }
            } else if synSeen {
                detected += 1
            }
            return
        }
        let back = hostile.reverse(Responder(functions: functions).answer(arrived, salt: 5).synAck, of: syn)
        let reply = initiator.read(back, answering: syn)
        let passed = reply.forwardIntact(capable: true) == true && reply.reverseIntact(.full) == true
        if synSeen && !passed { detected += 1 }
    }
}

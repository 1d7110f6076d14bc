/// A guarded path as operators see it.
package struct PathView: Hashable, Codable, Sendable {
    /// `INTENT/DESTINATION`, unique on its device.
    package var name: PathName
    package var intent: IntentName
    package var device: DeviceID
    package var deviceName: String
    package var destination: AddressBlock
    /// Who is probed, `10.2.0.7:4545`.
    package var probe: String
    /// Names of the devices of the fleet within the destination, which can be told to gate.
    package var far: [String]
    package var every: String
    package var tolerancePercent: Int
    /// What may be done to each extension; `auto` where it is not listed.
    package var policy: [String: PathPolicy.Treatment]
    /// nil: the device has said nothing of it yet.
    package var phase: PathStanding.Phase?
    package var since: APITime?
    package var nextLook: APITime?
    /// By extension; empty before a look that told something.
    package var sight: [PathStanding.Sight]
    /// Gates in force on the device.
    package var gates: [PathGate]
    /// Gates that the far devices have confirmed.
    package var farGates: [PathGate]
    package var asksECN: Bool
    /// When its gates last changed; nil: they never did.
    package var gatesSince: APITime?
    /// What an ordinary connection last achieved, in bits a second.
    package var bitsPerSecond: Double?
    /// Why it stands so, in words.
    package var reason: String
    /// What is wrong on the device, in words.
    package var problems: [String]
    /// What vouches for what is seen of the path, in words: `keyed, epoch 20413`, or `plain: ` and why.
    package var integrity: String?
    /// Of the key that the opener signs with.
    package var keyEpoch: UInt64?
    /// `Tampered`: whether somebody on the path lies. `Confirmed`: whether its device guards it as told. `Healthy`: whether
    /// what is done about it serves. `AsDeclared`: whether middleboxes do what is declared of them.
    package var conditions: [Condition]?
    /// Of the last path table that was decided for its device.
    package var generationDecided: Generation?
    /// Of the one that the device has in force by its last report.
    package var generationConfirmed: Generation?
    /// The last SYN by both ends' word: what left, and what the far end saw; nil: none could be compared.
    package var farView: PathTrust.Check?
    /// Names of the declared middleboxes that stand on it, sorted; nil: none is declared at all.
    package var middleboxes: [String]?
    /// What is declared of them, held against what was measured; nil as above.
    package var findings: [MiddleboxFinding]?
    /// SYNs that both ends told of.
    package var compared: Int?

    /// - Parameters:
    ///   - isDecided: the device was told of it, so what it says is of this path and not of an earlier one.
    ///   - trust: what is known of the path's honesty.
    ///   - entry: what the opener is to sign with.
    package init(
        _ plan: PathPlan, device: DeviceID, deviceName: String, far: [String], standing: PathStanding?,
        problems: [String], isDecided: Bool, trust: PathTrust? = nil, entry: PathKeyEntry? = nil
    ) {
        name = plan.name
        intent = plan.intent
        self.device = device
        self.deviceName = deviceName
        destination = plan.destination
        probe = EndpointPattern(block: plan.probe, port: plan.port).summary
        self.far = far
        every = "\(plan.policy.retestEvery)"
        tolerancePercent = plan.policy.tolerancePercent
        policy = Dictionary(uniqueKeysWithValues: plan.policy.treatments.map { ($0.key.rawValue, $0.value) })
        let standing = isDecided ? standing : nil
        phase = standing?.phase
        since = APITime(known: standing?.since)
        nextLook = APITime(known: standing?.nextAt)
        sight = standing?.sight ?? []
        gates = standing?.here ?? []
        farGates = standing?.there ?? []
        asksECN = standing?.asksECN ?? false
        gatesSince = APITime(known: standing?.heldSince)
        bitsPerSecond = standing?.rate
        reason = standing?.reason ?? ""
        self.problems = problems
        integrity = Self.integrity(standing?.integrity, trust, entry)
        keyEpoch = trust?.epoch
        conditions = [(trust ?? PathTrust(PathTrust.Place(device, plan.name))).condition(standing?.integrity)]
        farView = trust?.check
        compared = trust?.compared
    }

    private static func integrity(_ seen: PathIntegrity?, _ trust: PathTrust?, _ entry: PathKeyEntry?) -> String {
        let epoch = (seen?.epoch).map { ", epoch \($0)" } ?? ""
        switch seen?.kind {
        case .keyed: return "keyed\(epoch)"
        case .unproven: return "keyed\(epoch); not proven by the last look: \(seen?.reason ?? "")"
        case .forged: return "keyed\(epoch); answered without the key"
        case .plain, nil:
            if let epoch = trust?.epoch { return "keyed from the next look on, epoch \(epoch)" }
            let reasons = [trust?.whyPlain, entry?.whyPlain, seen?.reason].compactMap { $0 }.filter { !$0.isEmpty }
            if let reason = reasons.first { return "plain: \(reason)" }
            return entry?.keys.isEmpty == false ? "plain: the key is on its way" : "plain: no key was decided yet"
        }
    }

    /// Whether somebody on the path lies.
    package var isTampered: Bool {
        (conditions ?? []).contains { $0.type == "Tampered" && $0.status == .yes }
    }

    /// Whether `text` names it: `INTENT/DESTINATION`, the same after a device's name or id, or the intent alone.
    package func answers(to text: String) -> Bool {
        [name.rawValue, "\(deviceName)/\(name)", "\(device)/\(name)", intent.rawValue].contains(text)
    }

    /// Extensions that a gate, here or there, keeps out; sorted.
    package var gated: [PathExtension] { Set((gates + farGates).map(\.subject)).sorted() }

    /// Extensions that the path was last seen to change; sorted.
    package var changed: [PathExtension] {
        sight.filter { $0.out == .changed || $0.back == .changed }.map(\.subject).sorted()
    }
}

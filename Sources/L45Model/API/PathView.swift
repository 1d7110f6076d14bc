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

    /// - Parameter isDecided: the device was told of it, so what it says is of this path and not of an earlier one.
    package init(
        _ plan: PathPlan, device: DeviceID, deviceName: String, far: [String], standing: PathStanding?,
        problems: [String], isDecided: Bool
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

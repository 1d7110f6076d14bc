import ControlChannel
import Inventory
import L45Model
import Logging

// The security check of modules (seeds 2.3, 3.3), carried out: challenges by the device's line, verdicts into the CIB.
extension NetworkOrchestrator {
    func received(_ answer: ModuleAnswer, from id: DeviceID) {
        carryOut(checks.answered(answer, by: id, fleet, now: now()), now())
        stir()
    }

    /// What answers have changed is in the CIB before anybody is asked again: a challenge under a key that the CIB does not
    /// have could not be repeated after a crash.
    func carryOutChecks(_ time: Timestamp) throws {
        try storeChecks()
        var random = SystemRandomNumberGenerator()
        let effects = try checks.step(fleet, now: time, using: &random)
        carryOut(effects, time)
        try storeChecks()
    }

    func storeChecks() throws {
        let changes = checks.changes
        try inventory.record(
            checks: changes.checks, forgotten: changes.gone.map { ($0.device, $0.module) },
            distrusts: Array(unstoredDistrusts.values))
        checks.wereStored()
        unstoredDistrusts = [:]
    }

    func carryOut(_ effects: [CheckEffect], _ time: Timestamp) {
        for effect in effects {
            switch effect {
            case .ask(let device, let challenge):
                guard let session = sessions[device], let server else { continue }
                // Of fixed size: it can not be too long for a frame.
                try? server.send(.challenge(challenge), to: session)
            case .distrust(let distrust):
                logger.warning(
                    "security check failed",
                    metadata: [
                        "device": "\(distrust.device)", "module": "\(distrust.module)", "reason": "\(distrust.reason)",
                    ])
                unstoredDistrusts[DistrustName(distrust)] = distrust
                toShutOut.insert(distrust.intent)
                plansAreStale = true
                raise(
                    AlertFinding(
                        .securityCheckFailed, AlertSubject(device: distrust.device, module: distrust.module), .critical,
                        expected: "an answer to each challenge, under the module's present key and with its id",
                        seen: "\(distrust.reason); the device is shut out of intent '\(distrust.intent)'"))
            case .revoked(let distrust): unstoredDistrusts[DistrustName(distrust)] = distrust
            case .note(let event): note(event)
            }
        }
    }

    /// Devices that failed are left out of their intents, which go to a new edition: what those devices know of the old one
    /// is worth nothing then.
    func shutOut(_ time: Timestamp) throws {
        guard !toShutOut.isEmpty || book.distrusted != checks.distrusted else { return }
        try storeChecks()
        var next = book
        next.distrusted = checks.distrusted
        for intent in toShutOut { next.advance(intent, now: time) }
        try adopt(try plan(next, mustFit: [], time), removed: [], cause: "security check", time)
        toShutOut = []
    }

    /// An operator has looked at the device: it takes part again.
    func readmit(_ request: DeviceRequest) throws -> DeviceView {
        let device = try views.device(request.device)
        let time = now()
        let lifted = (checks.distrusts[device.id] ?? [:]).values.sorted { $0.intent < $1.intent }
        guard !lifted.isEmpty else {
            throw APIFailure(
                .conflict, "device '\(device.facts.name)' is shut out of no intent",
                hint: "'l45 describe device \(device.facts.name)' shows what it takes part in")
        }
        try inventory.record(lifted: lifted)
        checks.readmit(device.id)
        for distrust in lifted {
            unstoredDistrusts[DistrustName(distrust)] = nil
            resolve(
                .securityCheckFailed, AlertSubject(device: device.id, module: distrust.module),
                why: "the device was readmitted")
            note(
                Event(
                    at: time, severity: .warning, subject: "device/\(device.id)", message: "device readmitted",
                    facts: ["intent": "\(distrust.intent)", "failed": distrust.reason]))
        }
        passAtOnce()
        return views.view(of: device.id, fallback: device)
    }
}

/// Which distrust.
struct DistrustName: Hashable, Sendable {
    let device: DeviceID
    let intent: IntentName
    init(_ distrust: Distrust) { (device, intent) = (distrust.device, distrust.intent) }
}

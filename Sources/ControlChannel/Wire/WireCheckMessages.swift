import Foundation
import L45Model

extension WireModuleChallenge {
    init(_ challenge: ModuleChallenge) {
        module = challenge.module.rawValue
        number = challenge.number
        sealed = Data(challenge.sealed)
    }

    func value() throws(WireError) -> ModuleChallenge {
        ModuleChallenge(
            module: ModuleID(module), number: try WireCheck.counter(number, "number"),
            sealed: try WireCheck.sealed(sealed, "sealed", ModuleChallenge.sealedBytes))
    }
}

extension WireModuleAnswer {
    init(_ answer: ModuleAnswer) {
        module = answer.module.rawValue
        number = answer.number
        switch answer.outcome {
        case .answered(let bytes, let life):
            self.answer = Data(bytes)
            self.life = life
        case .unopened(let life):
            unopened = true
            self.life = life
        case .unable(let reason): unable = reason
        }
    }

    func value() throws(WireError) -> ModuleAnswer {
        let outcome: ModuleAnswer.Outcome
        switch self.outcome {
        case .answer(let bytes):
            outcome = .answered(try WireCheck.sealed(bytes, "answer", ModuleAnswer.answerBytes), life: life)
        case .unopened: outcome = .unopened(life: life)
        case .unable(let reason): outcome = .unable(WireCheck.prose(reason, max: 1024))
        // Of a newer agent, or of none: the module did not answer.
        case nil: outcome = .unable("the agent says nothing that is known here")
        }
        return ModuleAnswer(
            module: ModuleID(module), number: try WireCheck.counter(number, "number"), outcome: outcome)
    }
}

extension WireCheck {
    fileprivate static func sealed(
        _ bytes: Data, _ field: String, _ range: ClosedRange<Int>
    ) throws(WireError) -> [UInt8] {
        guard range.contains(bytes.count) else {
            throw WireError(
                field, "\(bytes.count) bytes where \(range.lowerBound) to \(range.upperBound) are allowed")
        }
        return Array(bytes)
    }
}

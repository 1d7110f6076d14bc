import CL45Netlink
import Foundation
package import L45Model

/// What a module answers to a challenge (RESPOND): for the orchestrator, who alone can open it. Pure.
package struct KernelAnswer: Hashable, Sendable {
    package var module: ModuleID
    /// `[nonce 12][sealed challenge | module id][tag 16]`, see `l45_respond` in l45_core.h.
    package var bytes: [UInt8]

    /// - Parameter answer: the top level of an answer to RESPOND.
    package init(_ answer: Attributes) throws(NetlinkMalformed) {
        module = ModuleID(try answer.required(L45_A_MOD_ID, "the module"))
        guard let payload = answer.payload(L45_A_ANSWER) else { throw NetlinkMalformed("the answer is missing") }
        bytes = Array(payload)
    }
}

extension NetlinkTap {
    /// Has a module answer a challenge: its part of the security check. The agent relays both and can read neither.
    /// - Parameter challenge: `[nonce 12][sealed challenge, 8..64][tag 16]`.
    /// - Throws: `TapError.refused` and its kin: no such module, no init_key, or a challenge that does not open under it.
    package func respond(to challenge: [UInt8], by module: ModuleID) throws(TapError) -> KernelAnswer {
        try NetlinkSocket().get(Self.challenge(challenge, to: module)) { answer throws(NetlinkMalformed) in
            let answer = try KernelAnswer(answer)
            guard answer.module == module else {
                throw NetlinkMalformed("module \(answer.module.rawValue) answers, \(module.rawValue) was asked")
            }
            return answer
        }
    }

    package var answersChallenges: Bool { true }

    package func answer(_ challenge: [UInt8], by module: ModuleID) throws(TapError) -> TapAnswer {
        let life = try NetlinkSocket().get(TapRequest(L45_CMD_STATUS)) { answer throws(NetlinkMalformed) in
            try KernelStatus(answer).life
        }
        do throws(TapError) {
            return TapAnswer(bytes: try respond(to: challenge, by: module).bytes, life: life)
        } catch {
            guard case .refused(_, _, let errno) = error else { throw error }
            switch errno {
            case EBADMSG: throw .unopened(module, life: life)
            case ENOENT: throw .notInTable(module)
            default: throw error
            }
        }
    }

    /// RESPOND.
    package static func challenge(_ challenge: [UInt8], to module: ModuleID) -> TapRequest {
        TapRequest(L45_CMD_RESPOND) { request in
            request.put(L45_A_MOD_ID, module.rawValue)
            request.put(L45_A_CHALLENGE, bytes: challenge)
        }
    }
}

import Foundation
import L45Model
import NIOCore

/// Answers the frames of operators' connections, wherever they come from.
struct OperatorDesk<Service: OperatorService>: Sendable {
    let service: Service
    let admit: OperatorAdmission

    /// - Returns: the answer, and whether the connection ends with it.
    func respond(
        to frame: APIFrame, _ proof: OperatorProof, from: String
    ) async -> (APIResponse, last: Bool) {
        let caller: Caller
        switch await admit(proof, from) {
        case .success(let known): caller = known
        case .failure(let refusal): return (.failure(refusal), true)
        }
        switch frame {
        case .tooLong(let bytes):
            let text = "the frame has \(bytes) bytes, at most \(APIVersion.frameBytesMax) are read"
            return (.failure(APIFailure(.tooLong, text, hint: "apply fewer files at a time")), true)
        case .bytes(let buffer):
            do throws(APIFailure) {
                let request = try APIRequest.decode(Data(buffer.readableBytesView))
                return (await service.answer(request, by: caller), false)
            } catch {
                return (.failure(error), false)
            }
        }
    }

    static func encode(_ response: APIResponse, _ allocator: ByteBufferAllocator) throws -> ByteBuffer {
        do {
            return try APIFrame.encode(response, allocator: allocator)
        } catch let failure as APIFailure {
            return try APIFrame.encode(APIResponse.failure(failure), allocator: allocator)
        }
    }
}

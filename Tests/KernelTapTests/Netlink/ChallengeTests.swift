import CL45Netlink
import KernelTap
import L45Model
import Testing

@Suite("A challenge to a module of the kernel tap")
struct ChallengeTests {
    @Test("RESPOND carries the module and the sealed challenge as it came")
    func request() {
        let request = NetlinkTap.challenge([0xaa, 0xbb, 0xcc], to: ModuleID(0x0102))
        let expected: [[UInt8]] = [
            [12, 0, 9, 0], [2, 1, 0, 0, 0, 0, 0, 0],  // L45_A_MOD_ID
            [7, 0, 10, 0], [0xaa, 0xbb, 0xcc], [0],  // L45_A_CHALLENGE, padded
        ]
        #expect(UInt32(request.command) == L45_CMD_RESPOND.rawValue)
        #expect(request.attributes == expected.flatMap { $0 })
    }

    @Test("The answer is handed on as it is: only the orchestrator can open it")
    func answer() throws {
        let bytes: [[UInt8]] = [
            [12, 0, 9, 0], [7, 0, 0, 0, 0, 0, 0, 0],  // L45_A_MOD_ID
            [6, 0, 11, 0], [1, 2], [0, 0],  // L45_A_ANSWER, padded
        ]
        let answer = try KernelAnswer(Attributes(bytes.flatMap { $0 }[...]))
        #expect(answer.module == ModuleID(7))
        #expect(answer.bytes == [1, 2])
    }

    @Test("An answer without its module, or without the answer, is malformed")
    func malformed() throws {
        let module: [UInt8] = [12, 0, 9, 0, 7, 0, 0, 0, 0, 0, 0, 0]
        let answer: [UInt8] = [6, 0, 11, 0, 1, 2, 0, 0]
        #expect(throws: NetlinkMalformed.self) { try KernelAnswer(Attributes(module[...])) }
        #expect(throws: NetlinkMalformed.self) { try KernelAnswer(Attributes(answer[...])) }
    }
}

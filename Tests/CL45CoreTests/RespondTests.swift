import CL45Core
import Testing

@Suite("The module's part of the security check")
struct RespondTests {
    private let key = [UInt8](200..<232)
    private let id: UInt64 = 0x0123_4567_89ab_cdef
    private let nonce = [UInt8](50..<62)

    @Test("A module opens the challenge, appends its id and seals the answer under its own nonce")
    func answers() throws {
        for bytes in Int(L45_CHALLENGE_BYTES_MIN)...Int(L45_CHALLENGE_BYTES_MAX) {
            let plain = [UInt8](repeating: UInt8(bytes), count: bytes)
            let answer = try #require(respond(to: challenge(plain)))
            #expect(Array(answer.prefix(12)) == nonce)
            let opened = Box(key: key, nonce: nonce).open(Array(answer.dropFirst(12)), ad: Self.ad(L45_CHECK_ANSWER))
            #expect(opened == plain + [0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01])
        }
    }

    @Test("An answer played back as a challenge does not open: the two are sealed for one direction each")
    func noReflection() throws {
        let answer = try #require(respond(to: challenge([UInt8](0..<16))))
        #expect(refusal(of: answer) == -Int(EBADMSG))
    }

    @Test("A challenge under another module's key, or changed on its way, does not open")
    func forged() {
        let sealed = challenge([UInt8](0..<8))
        for bit in 0..<(sealed.count * 8) {
            #expect(refusal(of: sealed.flipping(bit)) == -Int(EBADMSG))
        }
        #expect(refusal(of: challenge([UInt8](0..<8), key: [UInt8](0..<32))) == -Int(EBADMSG))
    }

    @Test("What has no challenge's length is refused before it is looked at, and so is an answer without room")
    func lengths() {
        let sealed = challenge([UInt8](repeating: 1, count: 64))
        for bytes in Array(0..<36) + [93, 94, 1000] {
            #expect(refusal(of: [UInt8](repeating: 0, count: bytes)) == -Int(EMSGSIZE), "\(bytes) bytes")
        }
        #expect(refusal(of: sealed, room: sealed.count + 7) == -Int(EMSGSIZE))
        #expect(respond(to: sealed, room: sealed.count + 8)?.count == Int(L45_ANSWER_BYTES_MAX))
    }

    private static func ad(_ way: l45_check) -> [UInt8] { Array("l45 check".utf8) + [UInt8(way.rawValue)] }

    /// What the orchestrator sends.
    private func challenge(_ plain: [UInt8], key other: [UInt8]? = nil) -> [UInt8] {
        let nonce = [UInt8](0..<12)
        return nonce + Box(key: other ?? key, nonce: nonce).seal(plain, ad: Self.ad(L45_CHECK_CHALLENGE))
    }

    private func respond(to challenge: [UInt8], room: Int = 200) -> [UInt8]? {
        var answer = [UInt8](repeating: 0, count: room)
        let bytes = l45_respond(key, id, nonce, challenge, challenge.count, &answer, room)
        return bytes < 0 ? nil : Array(answer.prefix(bytes))
    }

    /// The error, after a look that nothing was written.
    private func refusal(of challenge: [UInt8], room: Int = 200) -> Int {
        let untouched = [UInt8](repeating: 0x5a, count: room)
        var answer = untouched
        let result = l45_respond(key, id, nonce, challenge, challenge.count, &answer, room)
        #expect(answer == untouched)
        return result
    }
}

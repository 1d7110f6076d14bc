import CL45Core
import L45Model
import Testing

@Suite("A module's chain of keys")
struct CheckChainTests {
    private let initKey = [UInt8](200..<232)
    private let id: UInt64 = 0x0123_4567_89ab_cdef
    private let nonce = [UInt8](50..<62)

    @Test("Two ends that start from one init key make the same keys, and never one twice")
    func ratchets() {
        var chain = begun()
        var key = initKey
        var seen: Set<[UInt8]> = [key]
        for round in 0..<1000 {
            let plain = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 8 + round % 57)
            expectRight(&chain, plain, under: key)
            key = next(key, plain)
            let isNew = seen.insert(key).inserted
            #expect(isNew)
        }
        #expect(chain.answered == 1000)
    }

    @Test("The next key is BLAKE2s of the challenge and the module's id under the present one")
    func vector() {
        // Python: hashlib.blake2s(b"l45 check next" + id.to_bytes(8, "little") + bytes(range(32)), key=bytes(range(200, 232)))
        let made = next(initKey, [UInt8](0..<32))
        #expect(Hex.string(made) == "d8155ff0c918f585653055cce0955f0884dc17ce9f95f48a5be219f94c84cbc7")
    }

    @Test("An answer that is lost, or several, leave both ends able to go on")
    func lostAnswers() {
        var chain = begun()
        var key = initKey
        for lost in 0..<5 {
            // The orchestrator does not hear of these, so it stays where it is.
            for turn in 0..<lost { expectRight(&chain, [UInt8](repeating: UInt8(turn), count: 32), under: key) }
            let plain = [UInt8](repeating: 99, count: 32)
            expectRight(&chain, plain, under: key)
            key = next(key, plain)
        }
    }

    @Test("Once the orchestrator has shown that it moved on, the key of before opens nothing")
    func forgets() {
        var chain = begun()
        let first = [UInt8](repeating: 1, count: 32)
        let second = [UInt8](repeating: 2, count: 32)
        expectRight(&chain, first, under: initKey)
        let one = next(initKey, first)
        expectRight(&chain, second, under: one)
        let two = next(one, second)
        expectRight(&chain, first, under: two)
        expectRefused(&chain, challenge(first, under: one), EBADMSG)
    }

    @Test("The init key begins the chain again, at any time")
    func beginsAgain() {
        var chain = begun()
        let plain = [UInt8](repeating: 7, count: 32)
        expectRight(&chain, plain, under: initKey)
        expectRight(&chain, plain, under: next(initKey, plain))
        expectRight(&chain, plain, under: initKey)
        expectRight(&chain, plain, under: next(initKey, plain))
    }

    @Test("A refusal changes nothing: every single bit of the challenge, a wrong length, no room")
    func refusals() {
        var chain = begun()
        let plain = [UInt8](repeating: 7, count: 32)
        expectRight(&chain, plain, under: initKey)
        let before = bytes(of: chain)
        let sealed = challenge(plain, under: next(initKey, plain))
        for bit in 0..<(sealed.count * 8) { expectRefused(&chain, sealed.flipping(bit), EBADMSG) }
        expectRefused(&chain, Array(sealed.prefix(35)), EMSGSIZE)
        expectRefused(&chain, sealed, room: sealed.count + 7, EMSGSIZE)
        #expect(bytes(of: chain) == before)
    }

    @Test("A chain that begins with the same key goes on; with another it is new")
    func begin() {
        var chain = begun()
        let plain = [UInt8](repeating: 7, count: 32)
        expectRight(&chain, plain, under: initKey)
        l45_check_begin(&chain, initKey)
        expectRight(&chain, plain, under: next(initKey, plain))
        l45_check_begin(&chain, [UInt8](0..<32))
        expectRefused(&chain, challenge(plain, under: initKey), EBADMSG)
        expectRight(&chain, plain, under: [UInt8](0..<32))
    }

    // MARK: The two ends

    private func begun() -> l45_check_chain {
        var chain = l45_check_chain()
        l45_check_begin(&chain, initKey)
        return chain
    }

    private func next(_ key: [UInt8], _ plain: [UInt8]) -> [UInt8] {
        var next = [UInt8](repeating: 0, count: 32)
        l45_check_next(key, id, plain, plain.count, &next)
        return next
    }

    private static func ad(_ way: l45_check) -> [UInt8] { Array("l45 check".utf8) + [UInt8(way.rawValue)] }

    private func challenge(_ plain: [UInt8], under key: [UInt8]) -> [UInt8] {
        let nonce = [UInt8](0..<12)
        return nonce + Box(key: key, nonce: nonce).seal(plain, ad: Self.ad(L45_CHECK_CHALLENGE))
    }

    private func expectRefused(
        _ chain: inout l45_check_chain, _ challenge: [UInt8], room: Int = 200, _ errno: Int32,
        at place: SourceLocation = #_sourceLocation
    ) {
        var answer = [UInt8](repeating: 0, count: room)
        let result = l45_check_answer(&chain, id, nonce, challenge, challenge.count, &answer, room)
        #expect(result == -Int(errno), sourceLocation: place)
    }

    /// The module's answer is the challenge and its id, under the same key.
    private func expectRight(
        _ chain: inout l45_check_chain, _ plain: [UInt8], under key: [UInt8],
        at place: SourceLocation = #_sourceLocation
    ) {
        let sealed = challenge(plain, under: key)
        var answer = [UInt8](repeating: 0, count: 200)
        let count = l45_check_answer(&chain, id, nonce, sealed, sealed.count, &answer, answer.count)
        #expect(count == plain.count + 36, sourceLocation: place)
        guard count > 12 else { return }
        let opened = Box(key: key, nonce: nonce).open(Array(answer[12..<count]), ad: Self.ad(L45_CHECK_ANSWER))
        #expect(opened == plain + [0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01], sourceLocation: place)
    }

    private func bytes(of chain: l45_check_chain) -> [UInt8] { withUnsafeBytes(of: chain) { Array($0) } }
}

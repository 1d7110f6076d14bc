import CL45Core
import Testing

@Suite("The primitives against their published vectors")
struct PrimitiveTests {
    /// Length of the message 00 01 02 … under the key 00 01 … 0f, and its hash (vectors.h of the reference code; the
    /// one of 15 bytes is appendix A of the paper).
    @Test(
        "SipHash-2-4",
        arguments: [
            (0, 0x726f_db47_dd0e_0e31), (1, 0x74f8_39c5_93dc_67fd), (2, 0x0d6c_8009_d9a9_4f5a),
            (3, 0x8567_6696_d7fb_7e2d), (4, 0xcf27_94e0_2771_87b7), (5, 0x1876_5564_cd99_a68d),
            (6, 0xcbc9_466e_58fe_e3ce), (7, 0xab02_00f5_8b01_d137), (8, 0x93f5_f579_9a93_2462),
            (9, 0x9e00_82df_0ba9_e4b0), (10, 0x7a5d_bbc5_94dd_b9f3), (11, 0xf4b3_2f46_226b_ada7),
            (15, 0xa129_ca61_49be_45e5), (63, 0x958a_324c_eb06_4572),
        ] as [(UInt8, UInt64)])
    func sipHash(bytes: UInt8, hash: UInt64) {
        #expect(l45_siphash24(Array(0..<16), Array(0..<bytes), Int(bytes)) == hash)
    }

    @Test("BLAKE2s-256 of 'abc' (RFC 7693, appendix B)")
    func blake2sABC() {
        let expected = [UInt8](hex: "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982")
        #expect(blake2s(Array("abc".utf8), outBytes: 32) == expected)
    }

    @Test("BLAKE2s passes the self-test of RFC 7693, appendix E: four digest sizes, six lengths, plain and keyed")
    func blake2sSelfTest() {
        var all: [UInt8] = []
        for outBytes in [16, 20, 28, 32] {
            for inBytes in [0, 3, 64, 65, 255, 1024] {
                let message = selfTestSequence(count: inBytes, seed: UInt32(inBytes))
                let key = selfTestSequence(count: outBytes, seed: UInt32(outBytes))
                all += blake2s(message, outBytes: outBytes)
                all += blake2s(message, key: key, outBytes: outBytes)
            }
        }
        let expected = [UInt8](hex: "6a411f08ce25adcdfb02aba641451cec53c598b24f4fc787fbdc88797f4c1dfe")
        #expect(blake2s(all, outBytes: 32) == expected)
    }

    private func blake2s(_ message: [UInt8], key: [UInt8] = [], outBytes: Int) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: outBytes)
        l45_blake2s(&out, outBytes, key, key.count, message, message.count)
        return out
    }

    /// `selftest_seq` of the RFC.
    private func selfTestSequence(count: Int, seed: UInt32) -> [UInt8] {
        var a: UInt32 = 0xdead_4bad &* seed
        var b: UInt32 = 1
        return (0..<count).map { _ in
            (a, b) = (b, a &+ b)
            return UInt8(b >> 24)
        }
    }
}

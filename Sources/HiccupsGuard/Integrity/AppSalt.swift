/// The ephemeral secret of seed chapter 6: the first 40 bytes that the application will send, which no middlebox has
/// seen when
/// it must forward the SYN.
///
/// The data goes *into the hash*. Masking a plain fragment with it would not do: whoever changes a header knows the
/// fragment
/// before and after, and could xor the difference into the carrier without knowing the mask. The type's nibble is
/// masked, so
/// that the carriers look like random numbers.
package struct AppSalt: Hashable, Sendable {
    /// Bytes of application data that count (seed 6.1: 80 % of 6.7 million flows are unique in them).
    package static let bytesMax = 40

    let digest: UInt64

    /// Shorter data is used whole; its length counts.
    package init(_ applicationData: some Sequence<UInt8>) {
        let bytes = Array(applicationData.prefix(Self.bytesMax))
        digest = SipHash.hash(bytes.span, key: Self.publicKey)
    }

    /// Not a secret: it only keeps this use of the function apart from others. The bytes read "HICCUPS AppSalt!".
    private static let publicKey = PathKey(low: 0x2053_5055_4343_4948, high: 0x2174_6c61_5370_7041)

    /// What the nibble of `carrier` is masked with, in the high four bits.
    func nibbleMask(_ carrier: Carrier) -> UInt16 {
        UInt16(truncatingIfNeeded: digest >> UInt64(4 * carrier.rawValue)) << 12
    }
}

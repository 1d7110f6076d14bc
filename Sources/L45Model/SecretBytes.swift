import Glibc

/// Bytes of a key, in memory of their own that is overwritten as the last reference goes.
///
/// What that does not reach: copies that others make. `Secret.bytes` is one, and so is a Swift array or `Data` that a key comes
/// in; registers, and stacks that were used; and pages that the kernel wrote to swap. swift-crypto's `SymmetricKey` overwrites
/// its own storage; keys of BoringSSL are freed by `OPENSSL_free`, which overwrites.
package final class SecretBytes: Sendable {
    package let count: Int
    // Written in `init` and `deinit` alone, when nobody else has a reference: any thread may read it in between.
    private nonisolated(unsafe) let memory: UnsafeMutableRawPointer

    package init(_ bytes: some Collection<UInt8>) {
        count = bytes.count
        memory = .allocate(byteCount: max(1, bytes.count), alignment: 16)
        UnsafeMutableRawBufferPointer(start: memory, count: bytes.count).copyBytes(from: bytes)
    }

    /// From the system's random source.
    package init(randomCount: Int) {
        count = randomCount
        memory = .allocate(byteCount: max(1, randomCount), alignment: 16)
        var random = SystemRandomNumberGenerator()
        for at in 0..<randomCount {
            memory.storeBytes(of: UInt8.random(in: 0...255, using: &random), toByteOffset: at, as: UInt8.self)
        }
    }

    deinit {
        // Not `memset`: a compiler may leave out what nobody reads.
        explicit_bzero(memory, count)
        memory.deallocate()
    }

    /// The pointer is good within `body` alone.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try body(UnsafeRawBufferPointer(start: memory, count: count))
    }

    /// Overwrites an array that a key came in, as far as nobody else holds it: a shared one is copied first, as any array is.
    package static func wipe(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { buffer in
            if let start = buffer.baseAddress { explicit_bzero(start, buffer.count) }
        }
    }
}

extension SecretBytes: Hashable {
    /// Takes the same time wherever they differ.
    package static func == (a: SecretBytes, b: SecretBytes) -> Bool {
        if a === b { return true }
        guard a.count == b.count else { return false }
        var difference: UInt8 = 0
        for at in 0..<a.count {
            difference |=
                a.memory.load(fromByteOffset: at, as: UInt8.self) ^ b.memory.load(fromByteOffset: at, as: UInt8.self)
        }
        return difference == 0
    }

    package func hash(into hasher: inout Hasher) { withBytes { hasher.combine(bytes: $0) } }
}

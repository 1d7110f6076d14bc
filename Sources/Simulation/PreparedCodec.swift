import CL45Core

/// A dialect made ready for the engine, at a fixed address, since the engine takes lists of pointers.
///
/// Unchecked: nothing of it changes between `init` and `deinit`, and the pointer is freed with it.
final class PreparedCodec: @unchecked Sendable {
    let pointer: UnsafePointer<l45_codec>
    private let storage: UnsafeMutablePointer<l45_codec>

    /// nil when a field is out of its bounds.
    init?(_ dialect: l45_dialect) {
        var dialect = dialect
        storage = .allocate(capacity: 1)
        storage.initialize(to: l45_codec())
        pointer = UnsafePointer(storage)
        // A class cleans up after a failed init by itself: deinit runs, since everything is set.
        guard l45_codec_prepare(storage, &dialect) == 0 else { return nil }
    }

    deinit { storage.deallocate() }

    /// Made of this very dialect: to prepare it again would give the same.
    func isOf(_ dialect: l45_dialect) -> Bool {
        withUnsafeBytes(of: dialect) { asked in
            withUnsafeBytes(of: pointer.pointee.dialect) { held in held.elementsEqual(asked) }
        }
    }

    var frameBytes: Int { Int(pointer.pointee.dialect.frame_bytes) }
    var tagBytes: Int { Int(pointer.pointee.dialect.tag_bytes) }
}

import Crypto
import Foundation

/// The keys of keyed integrity: one for each path between two devices and each epoch, all derived from one secret, so that there is
/// nothing more to store of them.
///
/// An epoch is a day of universal time. The end that answers is given the keys of the epoch before, the present and the next one;
/// the end that opens signs with one of them, and changes to the next only once the other has said that it holds it.
package enum PathKeySchedule {
    package static let epochMilliseconds: Int64 = 86_400_000
    /// Of a key.
    package static let keyBytes = 16

    /// The number of the epoch that holds at `time`; 0 before 1970.
    package static func epoch(at time: Timestamp) -> UInt64 { UInt64(max(0, time.rawValue) / epochMilliseconds) }

    /// The epochs whose keys a device is given at `time`.
    package static func epochs(at time: Timestamp) -> ClosedRange<UInt64> {
        let now = epoch(at: time)
        return (now == 0 ? 0 : now - 1)...(now + 1)
    }

    /// HKDF-SHA256 over the secret that all keys of paths derive from: 128 bits.
    package static func key(
        root: Secret, path: PathName, from opener: DeviceID, to far: DeviceID, epoch: UInt64
    ) -> Secret {
        // Each part behind its length (u32, big endian), so that no two lists of parts give the same bytes.
        var info = Data()
        for part in ["l45 path key 2", path.rawValue, opener.rawValue, far.rawValue] {
            let bytes = Data(part.utf8)
            append(UInt64(bytes.count), bytes: 4, to: &info)
            info.append(bytes)
        }
        append(epoch, bytes: 8, to: &info)
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: root.bytes), info: info, outputByteCount: keyBytes)
        return Secret(key.withUnsafeBytes { Array($0) })
    }

    private static func append(_ number: UInt64, bytes count: Int, to data: inout Data) {
        for at in (0..<count).reversed() { data.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * at))) }
    }
}

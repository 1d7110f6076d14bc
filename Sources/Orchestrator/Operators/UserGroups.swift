import Foundation

/// The groups of a local user, as this machine's user database has them.
enum UserGroups {
    private static let groupsMax: Int32 = 256

    /// - Parameter gid: the group that the kernel vouches for.
    /// - Returns: `gid` first.
    static func of(uid: UInt32, gid: UInt32) -> [UInt32] {
        var record = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var room = [CChar](repeating: 0, count: 16 << 10)
        guard getpwuid_r(uid, &record, &room, room.count, &found) == 0, found != nil, let name = record.pw_name else {
            return [gid]
        }
        var groups = [gid_t](repeating: 0, count: Int(groupsMax))
        var count = groupsMax
        guard getgrouplist(name, gid, &groups, &count) >= 0 else { return [gid] }
        return [gid] + groups.prefix(Int(count)).filter { $0 != gid }
    }
}

import Foundation

/// Who may use the operator's socket, by the user id that the kernel vouches for (SO_PEERCRED, unix(7)).
package struct PeerPolicy: Hashable, Sendable {
    package var uids: Set<UInt32>

    package init(uids: Set<UInt32>) { self.uids = uids }

    /// The user that runs this process, and root.
    package static var ownerAndRoot: PeerPolicy { PeerPolicy(uids: [geteuid(), 0]) }

    package func admits(_ uid: UInt32) -> Bool { uids.contains(uid) }
}

/// The kernel's `struct ucred` of unix(7), which the C library shows only under _GNU_SOURCE.
struct PeerCredentials: Sendable {
    var pid: Int32 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0
}

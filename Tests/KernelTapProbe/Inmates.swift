import Foundation
import KernelTap
import L45Model

/// What the probe does in a process of its own: those steps can not be taken back.
enum Inmates {
    /// An ordinary user is told why.
    static func asNobody() -> Never {
        guard setgid(65534) == 0, setuid(65534) == 0 else { exit(3) }
        do {
            _ = try NetlinkTap(locksFolder: "/tmp/nobody")
            print("an ordinary user has the tap")
        } catch { print(error == .notPermitted ? "refused" : "\(error)") }
        exit(0)
    }

    /// Another network namespace has a table of its own, none at first, while that of the parent stays as it is.
    static func inNamespace() -> Never {
        do {
            let tap = try NetlinkTap(locksFolder: Story.locks)
            let before = try tap.read()
            try tap.publish(Tables.table(1, [Tables.entry(99)]))
            let after = try TapStory.settled(tap)
            let holds =
                before.published == .none && after.published == Generation(1)
                && after.modules.map(\.id) == [ModuleID(99)]
            print(holds ? "apart" : "before: \(before); after: \(after)")
        } catch { print("\(error)") }
        exit(0)
    }
}

import Foundation
import KernelTap
import L45Model

/// Namespaces of the story's constants.
enum Story {
    static let locks = "/run/l45-probe"
}

/// The checks, in the order of an agent's life. Later ones build on the state that earlier ones left.
enum TapStory {
    static func run(module: String, _ checks: inout Checks) {
        checks.check("without the module, the tap that was asked for is refused with the way out") {
            failure { () throws(TapError) in _ = try NetlinkTap(locksFolder: Story.locks) } == .moduleMissing
        }
        checks.check("the module loads") { try Checks.run("/bin/busybox", ["insmod", module]).status == 0 }
        guard let tap = open(&checks) else { return }
        let heard = Notices(tap)
        tables(tap, &checks)
        company(tap, &checks)
        sockets(tap, heard, &checks)
        reload(tap, module, heard, &checks)
    }

    private static func open(_ checks: inout Checks) -> NetlinkTap? {
        var tap: NetlinkTap?
        checks.check("the tap opens, without a table") {
            let opened = try NetlinkTap(locksFolder: Story.locks)
            tap = opened
            let reading = try opened.read()
            return reading.published == .none && reading.inForce == .none && reading.publishedDigest == nil
                && reading.modules.isEmpty
        }
        return tap
    }

    private static func tables(_ tap: NetlinkTap, _ checks: inout Checks) {
        let first = Tables.table(5, [Tables.entry(1), Tables.entry(2, state: .standby, port: 5301)])
        checks.check("a table is put in force, and the kernel says what it has") {
            try tap.publish(first)
            let reading = try settled(tap)
            return try reading.published == Generation(5) && reading.inForce == Generation(5)
                && reading.publishedDigest == first.contentDigest() && reading.inForceDigest == first.contentDigest()
                && reading.modules.map(\.id) == [ModuleID(1), ModuleID(2)]
                && reading.modules.map(\.state) == [.active, .standby]
        }
        checks.check("the same table again is no error") {
            try tap.publish(first)
            return true
        }
        checks.check("the same generation with other content is a conflict") {
            refused(by: tap, Tables.table(5, [Tables.entry(3)])) == .conflict(Generation(5))
        }
        checks.check("an older generation is stale, and the one that is held is named") {
            refused(by: tap, Tables.table(4, [])) == .stale(asked: Generation(4), held: Generation(5))
        }
        checks.check("what the kernel refuses comes back in its own words, and nothing has changed") {
            guard
                case .refused(_, let text, let number) = refused(
                    by: tap, Tables.table(6, [Tables.entry(4), Tables.entry(4)]))
            else { return false }
            print("       \(text)")
            return try number == EINVAL && text.contains("4") && tap.read().published == Generation(5)
        }
        checks.check("every state and enforcement comes back as it was given") {
            var entries = ModuleState.allCases.enumerated().map {
                Tables.entry(UInt64($0.offset + 1), state: $0.element)
            }
            entries[0].enforcing = true
            try tap.publish(Tables.table(7, entries))
            let modules = try settled(tap).modules
            return modules.map(\.state) == entries.map(\.state) && modules.map(\.enforcing) == entries.map(\.enforcing)
        }
        checks.check("a table of 1024 modules with 65,536 remotes is put in force and read whole") {
            let table = Tables.largest(8)
            try tap.publish(table)
            let reading = try settled(tap)
            return reading.published == Generation(8) && reading.modules.count == 1024
                && reading.modules.map(\.id) == table.modules.map(\.plan.id)
        }
        checks.check("a reading under a publisher's hands is always of one table: 100 readings") {
            let stop = Flag()
            let publisher = Thread {
                var generation: UInt64 = 9
                while !stop.isSet {
                    // Each generation has as many modules as its last digit says.
                    try? tap.publish(
                        Tables.table(generation, (0..<(generation % 10)).map { Tables.entry($0 + 1) }))
                    generation += 1
                }
                stop.done()
            }
            publisher.start()
            defer { stop.setAndWait() }
            for _ in 0..<100 {
                let reading = try tap.read()
                guard reading.published >= Generation(8), reading.inForce >= Generation(8) else { return false }
                // While calls work by an older table, the modules are that one's where it is still known.
                let counts = Set(
                    [reading.published, reading.inForce].map { $0 == Generation(8) ? 1024 : Int($0.rawValue % 10) })
                if !counts.contains(reading.modules.count) {
                    print("       \(reading.inForce)...\(reading.published) with \(reading.modules.count) modules")
                    return false
                }
            }
            return true
        }
    }

    private static func company(_ tap: NetlinkTap, _ checks: inout Checks) {
        let program = CommandLine.arguments[0]
        checks.check("a second agent in the namespace is refused") {
            guard case .kernelTapBusy = failure({ () throws(TapError) in _ = try NetlinkTap(locksFolder: Story.locks) })
            else { return false }
            return true
        }
        checks.check("an ordinary user is refused") {
            let answer = try Checks.run(program, ["as-nobody"])
            if answer.output != "refused\n" { print("       \(answer.output)") }
            return answer.output == "refused\n"
        }
        checks.check("another network namespace has a table of its own") {
            let before = try tap.read()
            let answer = try Checks.run("/bin/busybox", ["unshare", "-n", program, "in-namespace"])
            if answer.output != "apart\n" { print("       \(answer.output)") }
            return try answer.output == "apart\n" && tap.read().published == before.published
        }
        withExtendedLifetime(tap) {}
    }

    private static func reload(_ tap: NetlinkTap, _ module: String, _ heard: Notices, _ checks: inout Checks) {
        checks.check("the module unloads under a running agent, who says so") {
            guard try Checks.run("/bin/busybox", ["rmmod", "l45"]).status == 0 else { return false }
            return failure { () throws(TapError) in _ = try tap.read() } == .moduleMissing
        }
        checks.check("loaded again it has no table, and takes the agent's") {
            guard try Checks.run("/bin/busybox", ["insmod", module]).status == 0 else { return false }
            guard try tap.read().published == .none else { return false }
            try tap.publish(Tables.table(1, [Tables.entry(1)]))
            return try tap.read().published == Generation(1)
        }
        checks.check("and its events are heard again") {
            heard.forget()
            try tap.publish(Tables.table(2, []))
            return Checks.within(seconds: 10) { heard.kinds.contains(.table) }
        }
    }

    /// What the tap says once no call works by an older table.
    static func settled(_ tap: NetlinkTap) throws -> TapReading {
        var reading = try tap.read()
        _ = try Checks.within(seconds: 10) {
            reading = try tap.read()
            return reading.inForce == reading.published
        }
        return reading
    }

    private static func refused(by tap: NetlinkTap, _ table: DeviceTable) -> TapError? {
        failure { () throws(TapError) in try tap.publish(table) }
    }

    private static func failure(_ body: () throws(TapError) -> Void) -> TapError? {
        do {
            try body()
            return nil
        } catch { return error }
    }
}

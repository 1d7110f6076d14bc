import Foundation
import KernelTap
import L45Model
import Testing

@Suite("The preload tap on its shared memory")
struct PreloadTapTests {
    let scratch: Scratch
    let folder: String

    init() throws {
        scratch = try Scratch()
        folder = "\(scratch.path)/tap"
    }

    @Test("A new folder has nothing published and is closed to others")
    func empty() throws {
        let tap = try PreloadTap(folder: folder)
        #expect(try tap.read() == TapReading())
        var status = stat()
        #expect(stat(folder, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
    }

    @Test("What is published is read back with its digest and states; nobody is under the tap")
    func publishes() throws {
        let tap = try PreloadTap(folder: folder)
        let table = Modules.table(
            3, Modules.entry(1, state: .standby), Modules.entry(2, enforcing: true),
            Modules.entry(3, transport: .tcp, dialect: Modules.stream, remotes: ["10.0.0.1", "2001:db8::1"]))
        try tap.publish(table)
        let reading = try tap.read()
        #expect(reading.inForce == Generation(3))
        #expect(reading.published == Generation(3))
        #expect(reading.inForceDigest == (try table.contentDigest()))
        #expect(reading.publishedDigest == reading.inForceDigest)
        #expect(reading.processes == 0)
        #expect(
            reading.modules == [
                ModuleReport(id: ModuleID(1), state: .standby),
                ModuleReport(id: ModuleID(2), state: .active, enforcing: true),
                ModuleReport(id: ModuleID(3), state: .active),
            ])
    }

    @Test("An older table and an altered one are refused, the same again is not")
    func fence() throws {
        let tap = try PreloadTap(folder: folder)
        let seven = Modules.table(7, Modules.entry(1))
        try tap.publish(seven)
        try tap.publish(seven)
        #expect(throws: TapError.stale(asked: Generation(6), held: Generation(7))) {
            try tap.publish(Modules.table(6, Modules.entry(1)))
        }
        #expect(throws: TapError.conflict(Generation(7))) { try tap.publish(Modules.table(7, Modules.entry(2))) }
        let reading = try tap.read()
        #expect(reading.publishedDigest == (try seven.contentDigest()))
        #expect(reading.modules.map(\.id) == [ModuleID(1)])
    }

    @Test("The next agent finds what the last one published, and knows its modules once it publishes its ledger again")
    func survivesAgent() throws {
        let table = Modules.table(7, Modules.entry(1))
        try {
            let first = try PreloadTap(folder: folder)
            try first.publish(table)
        }()
        let second = try PreloadTap(folder: folder)
        let found = try second.read()
        #expect(found.published == Generation(7))
        #expect(found.publishedDigest == (try table.contentDigest()))
        #expect(found.modules == [])
        try second.publish(table)
        #expect(try second.read().modules.map(\.id) == [ModuleID(1)])
    }

    @Test("A second agent on the same folder is refused while the first one has it")
    func oneAgent() throws {
        let first = try PreloadTap(folder: folder)
        #expect(throws: TapError.busy(folder: folder)) { try PreloadTap(folder: folder) }
        #expect(try first.read().published == .none)
    }

    @Test("Rules of every kind and as many as there may be are taken; an empty table empties the tap")
    func fullTable() throws {
        let tap = try PreloadTap(folder: folder)
        let entries = (1...256).map { id in
            Modules.entry(UInt64(id), remotes: ["10.0.0.1", "10.0.0.2"])
        }
        try tap.publish(DeviceTable(device: Modules.device, generation: Generation(1), modules: entries))
        #expect(try tap.read().modules.count == 256)
        try tap.publish(Modules.table(2, Modules.entry(1, dialect: .monitor)))
        try tap.publish(Modules.table(3))
        let reading = try tap.read()
        #expect(reading.inForce == Generation(3))
        #expect(reading.modules == [])
        #expect(reading.publishedDigest == (try Modules.table(3).contentDigest()))
    }

    @Test("A folder that is removed under the agent is made anew, and says that nothing is published")
    func removed() throws {
        let tap = try PreloadTap(folder: folder)
        let table = Modules.table(7, Modules.entry(1))
        try tap.publish(table)
        try FileManager.default.removeItem(atPath: folder)
        #expect(try tap.read().published == .none)
        try tap.publish(table)
        let reading = try tap.read()
        #expect(reading.modules.map(\.id) == [ModuleID(1)])
        #expect(reading.problems.first?.contains("until they are started again") == true)
    }

    @Test("A folder that can not be made is refused with the system's word")
    func noFolder() throws {
        let file = try scratch.write("file", "")
        let error = #expect(throws: TapError.self) { try PreloadTap(folder: "\(file)/tap") }
        #expect(error?.description.contains("\(file)/tap") == true)
        #expect(error?.description.contains("Not a directory") == true)
    }
}

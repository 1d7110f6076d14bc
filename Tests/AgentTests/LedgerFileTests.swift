import Agent
import Foundation
import L45Model
import Testing

@Suite("The ledger on the disk")
struct LedgerFileTests {
    let scratch: Scratch
    let file: LedgerFile
    let ledger = Ledger(
        table: Modules.table(7, Modules.entry(1), Modules.entry(2, .standby, enforcing: true)), takenAt: Timestamp(99))

    init() throws {
        scratch = try Scratch()
        file = LedgerFile(folder: scratch.path)
    }

    @Test("What is stored is loaded, by nobody but its owner")
    func round() throws {
        #expect(try file.load(for: Story.device) == .init())
        try file.store(ledger)
        #expect(try file.load(for: Story.device) == .init(ledger: ledger))
        var status = stat()
        #expect(stat(file.path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let next = Ledger(table: Modules.table(8), takenAt: Timestamp(100))
        try file.store(next)
        #expect(try file.load(for: Story.device).ledger == next)
        #expect(try scratch.names() == ["ledger"])
    }

    @Test("A write that was cut off before it took the ledger's place is not seen")
    func tornAside() throws {
        try file.store(ledger)
        try scratch.write("ledger.new", [1, 2, 3])
        #expect(try file.load(for: Story.device).ledger == ledger)
        try file.store(ledger)
        #expect(try scratch.names() == ["ledger"])
    }

    @Test("Cut off at any byte it is set aside, and said so; the device starts empty")
    func torn() throws {
        try file.store(ledger)
        let whole = try scratch.read("ledger")
        for count in stride(from: 0, to: whole.count, by: 101) {
            try scratch.write("ledger", Array(whole.prefix(count)))
            let loaded = try file.load(for: Story.device)
            #expect(loaded.ledger == nil)
            #expect(loaded.problem?.contains("set aside as \(file.path).broken") == true, "cut at \(count)")
            #expect(try scratch.names() == ["ledger.broken"])
        }
    }

    @Test("A bit that flips anywhere is found")
    func flipped() throws {
        try file.store(ledger)
        let whole = try scratch.read("ledger")
        for at in stride(from: 0, to: whole.count, by: 37) {
            var bytes = whole
            bytes[at] ^= 0x10
            try scratch.write("ledger", bytes)
            do {
                #expect(try file.load(for: Story.device).ledger == nil, "flipped at \(at)")
            } catch StateError.newer {
                // The format's own digit: indistinguishable from a ledger of a later version, and not touched.
                #expect(try scratch.read("ledger") == bytes)
            }
        }
    }

    @Test("A ledger of a later format is left alone, and the agent does not start on it")
    func newer() throws {
        try scratch.write("ledger", Array("l45-ledger 2 abc\nwhatever".utf8))
        #expect(throws: StateError.newer(path: file.path, format: "2")) { try file.load(for: Story.device) }
        #expect(try scratch.names() == ["ledger"])
    }

    @Test("The ledger of another device, copied with its disk, is set aside")
    func foreign() throws {
        try file.store(ledger)
        let loaded = try file.load(for: DeviceID("ffffffffffffffffffffffffffffffff"))
        #expect(loaded.ledger == nil)
        #expect(loaded.problem?.contains("is of device \(Story.device)") == true)
    }

    @Test("On a full disk the new one is refused and the old one stays", .enabled(if: geteuid() == 0))
    func full() throws {
        let mount = try TinyFileSystem()
        let file = LedgerFile(folder: mount.path)
        try file.store(ledger)
        let many = (1...300).map { Modules.entry(UInt64($0)) }
        let large = Ledger(
            table: DeviceTable(device: Story.device, generation: Generation(8), modules: many), takenAt: Timestamp(1))
        let error = #expect(throws: StateError.self) { try file.store(large) }
        guard case .full(_, let bytes, let errno) = error else {
            Issue.record("not refused as full: \(String(describing: error))")
            return
        }
        #expect(bytes > 65_536)
        #expect(errno == ENOSPC)
        #expect(try file.load(for: Story.device).ledger == ledger)
        #expect(try FileManager.default.contentsOfDirectory(atPath: mount.path) == ["ledger"])
    }
}

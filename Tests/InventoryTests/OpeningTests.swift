import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("Opening a CIB, and refusing to")
struct OpeningTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("Every commit waits for the disk, foreign keys hold, and the log is a WAL")
    func pragmas() throws {
        let cib = try Inventory(folder: folder.cib)
        try cib.checkIn(device(1), at: noon)
        let names = ["synchronous", "foreign_keys", "journal_mode", "busy_timeout", "user_version"]
        let values = try cib.pool.writeWithoutTransaction { db in
            try names.map { try String.fetchOne(db, sql: "PRAGMA \($0)") }
        }
        #expect(values == ["2", "1", "wal", "5000", "\(Schema.version)"])
    }

    @Test("A second orchestrator on the same folder is told who has it, and gets it when that one is gone")
    func secondOrchestrator() throws {
        try {
            let first = try Inventory(folder: folder.cib)
            try first.checkIn(device(1), at: noon)
            #expect(throws: InventoryError.heldByAnother(path: folder.cib, holder: "\(getpid())")) {
                try Inventory(folder: folder.cib)
            }
        }()
        #expect(try Inventory(folder: folder.cib).devices().count == 1)
    }

    @Test("A child that was forked a moment ago, and has the open files still, does not hold the folder")
    func heldByAChild() throws {
        let first = try Inventory(folder: folder.cib)
        let lock = URL(filePath: folder.cib + "/lock").resolvingSymlinksInPath().path
        let files = FileManager.default
        // What a child has between its fork and its program: the same open file, not one of its own.
        let childs = try files.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init).filter {
            (try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == lock
        }.map { dup($0) }
        defer { for file in childs { close(file) } }
        #expect(childs.count == 1)
        try first.close()
        #expect(try Inventory(folder: folder.cib).devices().isEmpty)
    }

    @Test("Without its key the CIB is refused, with the way out, and no other key is made")
    func keyMissing() throws {
        try make()
        try FileManager.default.removeItem(atPath: folder.file("root.key"))
        let error = #expect(throws: InventoryError.keyMissing(path: folder.file("root.key"))) {
            try Inventory(folder: folder.cib)
        }
        #expect(error?.description.contains("restore root.key next to") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.file("root.key")))
    }

    @Test("A key without its CIB is refused, so that a lost file is not taken for an empty fleet")
    func databaseMissing() throws {
        try make()
        try FileManager.default.removeItem(atPath: folder.file("cib.sqlite"))
        let error = #expect(throws: InventoryError.databaseMissing(path: folder.file("cib.sqlite"))) {
            try Inventory(folder: folder.cib)
        }
        #expect(error?.description.contains("restore a backup") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.file("cib.sqlite")))
    }

    @Test("A first start that was cut short before its key or its tables is taken up again", arguments: [false, true])
    func cutShort(withKey: Bool) throws {
        try make()
        try Data().write(to: URL(fileURLWithPath: folder.file("cib.sqlite")))
        if !withKey { try FileManager.default.removeItem(atPath: folder.file("root.key")) }
        #expect(try Inventory(folder: folder.cib).devices().isEmpty)
    }

    @Test("The key of another CIB, one cut short, and one that others can read are refused")
    func keyUnusable() throws {
        try make()
        let key = URL(fileURLWithPath: folder.file("root.key"))
        let good = try Data(contentsOf: key)
        for (bytes, mode, words) in [
            (Data(good.reversed()), 0o600, "is not the key of the CIB beside it"),
            (good.dropLast(), 0o600, "has 32 bytes, not 31"),
            (good + [0], 0o600, "has 32 bytes, not 33"),
            (good, 0o640, "others may read it (mode 640)"),
        ] {
            try bytes.write(to: key)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: key.path)
            let error = #expect(throws: InventoryError.self) { try Inventory(folder: folder.cib) }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        }
        try good.write(to: key)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key.path)
        #expect(try Inventory(folder: folder.cib).devices().count == 1)
    }

    @Test("A CIB of a later release is refused and left as it is, byte for byte", arguments: [true, false])
    func newerSchema(byNumber: Bool) throws {
        try make()
        do {
            let file = try DatabaseQueue(path: folder.file("cib.sqlite"))
            try file.writeWithoutTransaction { db in
                if byNumber {
                    try db.execute(sql: "PRAGMA user_version = \(Schema.version + 1)")
                } else {
                    try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('from the future')")
                }
            }
            try file.close()
        }
        let before = try folder.databaseBytes()
        let found = byNumber ? Schema.version + 1 : Schema.version
        #expect(
            throws: InventoryError.newerSchema(
                path: folder.file("cib.sqlite"), found: found, known: Schema.version)
        ) { try Inventory(folder: folder.cib) }
        #expect(try folder.databaseBytes() == before)
    }

    @Test("A database of another program is refused and left as it is")
    func notOurs() throws {
        try make()
        try FileManager.default.removeItem(atPath: folder.file("cib.sqlite"))
        do {
            let file = try DatabaseQueue(path: folder.file("cib.sqlite"))
            try file.write { try $0.execute(sql: "CREATE TABLE photo (id INTEGER)") }
            try file.close()
        }
        let before = try folder.databaseBytes()
        #expect(throws: InventoryError.notCIB(path: folder.file("cib.sqlite"))) { try Inventory(folder: folder.cib) }
        #expect(try folder.databaseBytes() == before)
    }

    @Test("A file that is no database, and one with a ruined page, are called damaged")
    func damaged() throws {
        try make()
        let file = URL(fileURLWithPath: folder.file("cib.sqlite"))
        let good = try Data(contentsOf: file)
        let text = Data("this is no database, whatever its name says. ".utf8)
        for bytes in [text, Data((0..<100).flatMap { _ in text }), good.prefix(100), good.prefix(600)] {
            try bytes.write(to: file)
            let error = #expect(throws: InventoryError.self) { try Inventory(folder: folder.cib) }
            let words = error?.description ?? "opened"
            #expect(words.contains("is damaged"), "\(bytes.count) bytes: \(words)")
            #expect(try Data(contentsOf: file) == bytes)
        }

        var ruined = good
        for at in 4096..<ruined.count { ruined[at] = 0xa5 }
        try ruined.write(to: file)
        let error = #expect(throws: InventoryError.self) { try Inventory(folder: folder.cib).fleet() }
        #expect(error?.description.contains("is damaged") == true, "\(error?.description ?? "")")
    }

    @Test("A folder that can not be made, is a file, or that others may write to is refused")
    func folders() throws {
        for (path, mode, words) in [
            ("/proc/self/l45-cib", nil, "can not be made"),
            (folder.path + "/none/cib", nil, "can not be made"),
            (folder.path + "/open", 0o777, "others may write to it (mode 777)"),
        ] {
            if let mode {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            }
            let error = #expect(throws: InventoryError.self) { try Inventory(folder: path) }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        }
        try Data().write(to: URL(fileURLWithPath: folder.path + "/file"))
        #expect(throws: InventoryError.self) { try Inventory(folder: folder.path + "/file") }
    }

    // Root writes wherever it likes, so there is nothing to see as root.
    @Test("A folder that became read-only is refused, with the way out", .enabled(if: geteuid() != 0))
    func readOnlyFolder() throws {
        try make()
        for name in ["cib.sqlite", "lock"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o400], ofItemAtPath: folder.file(name))
        }
        let error = #expect(throws: InventoryError.self) { try Inventory(folder: folder.cib) }
        #expect(error?.description.contains("must belong to the orchestrator's user") == true)
    }

    @Test("A CIB that was closed is one file, with nothing left in a log beside it")
    func closed() throws {
        try make()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.cib)
        #expect(files.sorted() == ["cib.sqlite", "lock", "root.key"])
    }

    private func make() throws {
        let cib = try Inventory(folder: folder.cib)
        try cib.checkIn(device(1), at: noon)
        try cib.close()
    }
}

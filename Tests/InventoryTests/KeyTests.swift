import Foundation
import GRDB
import L45Model
import Testing

@testable import Inventory

@Suite("The key that opens the CIB")
struct KeyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var keyBytes: Data { get throws { try Data(contentsOf: URL(filePath: folder.file("root.key"))) } }

    private func make() throws -> Secret {
        let cib = try Inventory(folder: folder.cib)
        try cib.seal("a", Data([1, 2, 3]))
        try cib.close()
        return cib.rootSecret
    }

    /// Mode 600.
    private func write(_ name: String, _ bytes: Data, mode: Int = 0o600) throws -> String {
        let path = "\(folder.path)/\(name)"
        try bytes.write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    private func opens(_ source: KeySource? = nil, as root: Secret) throws {
        let cib = try Inventory(folder: folder.cib, key: source)
        #expect(cib.rootSecret == root)
        #expect(try cib.sealed("a") == Data([1, 2, 3]))
        try cib.close()
    }

    @Test("The key file is not what secrets derive from: that stands in the CIB, wrapped by it")
    func envelope() throws {
        let root = try make()
        #expect(try keyBytes != Data(root.bytes))
        let stored = try folder.databaseBytes()
        #expect(stored.range(of: Data(root.bytes)) == nil)
        #expect(try stored.range(of: keyBytes) == nil)
        try opens(as: root)
    }

    @Test(
        "A CIB of an earlier release, whose key file is the data key itself, is opened and has its envelope from then on"
    )
    func earlier() throws {
        let root = try make()
        do {
            let file = try DatabaseQueue(path: folder.file("cib.sqlite"))
            try file.write { try $0.execute(sql: "DELETE FROM wrapped_key") }
            try file.close()
        }
        try Data(root.bytes).write(to: URL(filePath: folder.file("root.key")))
        try opens(as: root)
        let cib = try Inventory(folder: folder.cib)
        var rotation = KeyRotation(cib)
        try rotation.finish()
        try cib.close()
        #expect(try keyBytes != Data(root.bytes))
        try opens(as: root)
    }

    @Test("A rotation that is cut off after any step leaves a CIB that the key in place opens, and can be done again")
    func cutOff() throws {
        let root = try make()
        for steps in 0...KeyRotation.Step.allCases.count {
            let before = try keyBytes
            do {
                let cib = try Inventory(folder: folder.cib)
                var rotation = KeyRotation(cib)
                for _ in 0..<steps { _ = try rotation.step() }
                // As a crash leaves it: nothing is tidied up.
                try cib.close()
            }
            #expect(try keyBytes == before || steps >= 3)
            try opens(as: root)
            // The one before opens nothing once the new one is in place and has opened it.
            guard steps >= 3 else { continue }
            let placed = try keyBytes
            try before.write(to: URL(filePath: folder.file("root.key")))
            let error = #expect(throws: InventoryError.self) { try Inventory(folder: folder.cib) }
            #expect(error?.description.contains("is not the key of the CIB beside it") == true)
            try placed.write(to: URL(filePath: folder.file("root.key")))
            try opens(as: root)
        }
    }

    @Test(
        "The key may be in a credential of systemd or be printed by a program, in bytes or in hex, and move from one to the other"
    )
    func sources() throws {
        let root = try make()
        let second = Data((0..<32).map { _ in UInt8.random(in: 0...255) })
        let file = KeySource.file(try write("second.key", Data(Hex.string(second).utf8) + Data("\n".utf8)))
        do {
            let cib = try Inventory(folder: folder.cib)
            var rotation = KeyRotation(cib, to: file)
            try rotation.finish()
            try cib.close()
        }
        // Until the first start with the new one, either opens it; from then on the new one alone.
        try opens(as: root)
        try opens(file, as: root)
        #expect(throws: InventoryError.self) { try Inventory(folder: folder.cib) }

        let path = try write("third.key", second)
        try opens(.command(["/bin/cat", path]), as: root)
        #expect(
            try KeySource.credential("third.key").read(environment: ["CREDENTIALS_DIRECTORY": folder.path])
                == SecretBytes(second))
    }

    @Test("Each place that cannot be used says why, and never what it read")
    func unusable() throws {
        let secret = Data((0..<31).map { _ in UInt8.random(in: 0x41...0x5a) })
        let short = try write("short.key", secret)
        let open = try write("open.key", secret + [1], mode: 0o640)
        for (source, words) in [
            (KeySource.file(short), "has 32 bytes, not 31"),
            (.file(open), "others may read it (mode 640)"),
            (.file("\(folder.path)/none"), "No such file"),
            (.file(folder.path), "is no file"),
            (.credential("none"), "there is no $CREDENTIALS_DIRECTORY"),
            (.command(["/nowhere/program", "argument"]), "can not be run"),
            (.command(["/bin/false"]), "ended with status 1"),
            (.command(["/bin/cat", short]), "has 32 bytes, not 31"),
            (.command(["/bin/echo", "argument"]), "has 32 bytes, not 9"),
        ] {
            let error = #expect(throws: InventoryError.self, "\(source)") { try source.read(environment: [:]) }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
            #expect(error?.description.contains(String(decoding: secret, as: UTF8.self)) == false)
            #expect(error?.description.contains("argument") == false)
        }
        for text in ["", "file", "file:", "credential:../x", "command:cat x", "root.key", "http://x"] {
            #expect(KeySource(text) == nil, "\(text)")
        }
        #expect(KeySource("command:/bin/cat /x") == .command(["/bin/cat", "/x"]))
    }

    @Test("Memory that held a key holds it no more once the last copy is gone")
    func wiped() throws {
        // Known by its complement alone, so that looking for it does not make another.
        let complement = (0..<48).map { _ in UInt8.random(in: 0...255) }
        var secret: Secret? = Secret(SecretBytes(complement.lazy.map { ~$0 }))
        var copy = secret
        #expect(try Memory.finds(complement) > 0)
        secret = nil
        #expect(try Memory.finds(complement) > 0, "\(copy?.description ?? "")")
        copy = nil
        #expect(try Memory.finds(complement) == 0)
    }
}

/// This process's own memory.
private enum Memory {
    /// How often the bytes stand in it whose complement is given.
    static func finds(_ complement: [UInt8]) throws -> Int {
        let maps = try String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
        let handle = open("/proc/self/mem", O_RDONLY)
        defer { close(handle) }
        let room = 1 << 20
        // What is looked for, then the window that is looked through: neither counts.
        let own = UnsafeMutableRawPointer.allocate(byteCount: room + 4096, alignment: 4096)
        let needle = UnsafeMutableRawBufferPointer(start: own, count: complement.count)
        let window = own + 4096
        defer {
            explicit_bzero(own, room + 4096)
            own.deallocate()
        }
        for at in complement.indices { needle[at] = ~complement[at] }
        let first = own.load(as: UInt64.self)
        let mine = UInt(bitPattern: own)..<(UInt(bitPattern: own) + UInt(room) + 4096)
        var found = 0
        for line in maps.split(separator: "\n") where line.contains(" rw") {
            let ends = line.split(separator: " ")[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2 else { continue }
            var at = ends[0]
            while at < ends[1] {
                let count = pread(handle, window, min(room, Int(ends[1] - at)), off_t(truncatingIfNeeded: at))
                guard count > 0 else { break }
                // Keys begin where memory is given out: at multiples of 16.
                var offset = 0
                while offset + needle.count <= count {
                    if window.load(fromByteOffset: offset, as: UInt64.self) == first,
                        memcmp(window + offset, own, needle.count) == 0, !mine.contains(at + UInt(offset))
                    {
                        found += 1
                    }
                    offset += 16
                }
                // The next window begins within this one, so that nothing is cut in two unseen.
                at += UInt(count == room ? count - 4096 : count)
            }
        }
        return found
    }
}

import Foundation
import Testing

/// A folder of a test's own, gone with it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/l45-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
    func read(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
    }
    func names(_ folder: String = "") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)").sorted()
    }
}

/// A file system of 64 KiB, so that a disk can be full. For root only.
final class TinyFileSystem: Sendable {
    private let scratch: Scratch
    var path: String { scratch.path }

    init() throws {
        scratch = try Scratch()
        try #require(mount("tmpfs", scratch.path, "tmpfs", 0, "size=64k") == 0, "\(String(cString: strerror(errno)))")
    }

    deinit { umount(scratch.path) }
}

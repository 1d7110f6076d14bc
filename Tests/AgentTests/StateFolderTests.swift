import Agent
import Foundation
import Testing

@Suite("The agent's state folder")
struct StateFolderTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test("It is made with those above it, and closed to others")
    func made() throws {
        let folder = try StateFolder(path: "\(scratch.path)/a/b")
        var status = stat()
        #expect(stat(folder.path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
    }

    @Test("One agent at a time has it")
    func taken() throws {
        let path = "\(scratch.path)/s"
        let first = try StateFolder(path: path)
        #expect(throws: StateError.busy(folder: path)) { try StateFolder(path: path) }
        withExtendedLifetime(first) {}
    }

    @Test("It is free again when its agent is gone")
    func freed() throws {
        let path = "\(scratch.path)/s"
        do { _ = try StateFolder(path: path) }
        #expect(throws: Never.self) { try StateFolder(path: path) }
    }

    @Test("A file in its place is refused by name")
    func file() throws {
        try scratch.write("file", [1])
        let error = #expect(throws: StateError.self) { try StateFolder(path: "\(scratch.path)/file/s") }
        #expect(error?.description.contains("\(scratch.path)/file") == true)
    }
}

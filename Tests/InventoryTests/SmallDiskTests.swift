import Foundation
import L45Model
import Testing

@testable import Inventory

/// A disk that is really full: a file system of 16 MiB in a mount namespace of its own, in which this test program runs
/// itself again.
@Suite("A disk that is really full")
struct SmallDiskTests {
    static let diskVariable = "L45_SMALL_DISK"
    static let disk = ProcessInfo.processInfo.environment[diskVariable]

    @Test("SQLite's own error for a full disk becomes ours, and the CIB is whole before, during and after")
    func outside() throws {
        guard Self.disk == nil else { return }
        let folder = try TemporaryFolder()
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        let script = #"mount -t tmpfs -o size=16m,mode=700 tmpfs "$0" || exit 42; exec "$@""#
        child.arguments = [
            "--user", "--map-root-user", "--mount", "/bin/sh", "-c", script, folder.path,
            try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            "--testing-library", "swift-testing", "--filter", "SmallDiskTests",
        ]
        child.environment = ProcessInfo.processInfo.environment.merging([Self.diskVariable: folder.path]) { $1 }
        let output = Pipe()
        child.standardOutput = output
        child.standardError = output
        try child.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        child.waitUntilExit()
        // 42, or unshare's own 1: a machine that allows no user namespaces has nothing to show here.
        if child.terminationStatus == 42 || text.contains("unshare failed") { return }
        #expect(child.terminationStatus == 0, "\(text)")
        #expect(text.contains("the small disk was full and then was not"), "\(text)")
    }

    @Test("Inside", .enabled(if: disk != nil))
    func inside() throws {
        let disk = try #require(Self.disk)
        let filler = disk + "/filler"
        try Data(count: 10 << 20).write(to: URL(fileURLWithPath: filler))
        let cib = try Inventory(folder: disk + "/cib")
        try cib.append([event(1)])
        var stored: [ArtifactReference] = []
        var refusal: InventoryError?
        for number in 0..<20 where refusal == nil {
            do throws(InventoryError) {
                stored.append(try cib.put(Data((0..<400_000).map { UInt8(truncatingIfNeeded: $0 ^ number) }), at: noon))
            } catch {
                refusal = error
            }
        }
        let doing = "store an artifact of 400000 bytes"
        #expect(refusal == .full(path: disk + "/cib/cib.sqlite", doing: doing))
        #expect(try Set(cib.artifacts()) == Set(stored))
        #expect(try cib.verify() == [])

        try FileManager.default.removeItem(atPath: filler)
        let late = try cib.put(Data(repeating: 7, count: 400_000), at: noon)
        try cib.append([event(2)])
        #expect(try Set(cib.artifacts()) == Set(stored + [late]))
        #expect(try cib.events().map(\.event) == [event(1), event(2)])
        #expect(try cib.verify() == [])
        print("the small disk was full and then was not")
    }
}

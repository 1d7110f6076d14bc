import Foundation

/// A folder of a test's own. Its path is short: a socket's may have 107 bytes.
struct TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = "/tmp/l45-\(UUID().uuidString.prefix(13))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    func remove() {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("left behind: \(path): \(error)") }
    }
}

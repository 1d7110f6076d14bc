import Foundation
import L45Model

/// The folder of a playground: state, and intents to try.
struct DemoFolder: Sendable {
    let path: String
    /// Somebody named it, and keeps it.
    let isKept: Bool

    var state: String { "\(path)/nco" }

    init(_ asked: String?) throws {
        let files = FileManager.default
        if let asked {
            guard !files.fileExists(atPath: asked) else {
                throw CommandEnd.badInput("'\(asked)' is there already", hint: "name a folder that is not there yet")
            }
            do {
                try files.createDirectory(atPath: asked, withIntermediateDirectories: true)
            } catch {
                throw CommandEnd.badInput("the folder '\(asked)' cannot be made: \(error.localizedDescription)")
            }
            path = asked
        } else {
            // Not Foundation's temporary folder with its long names: a socket's path has 107 bytes.
            let base = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
            var template = Array("\(base)/l45-demo.XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else {
                throw CommandEnd.badInput(
                    "no folder can be made in '\(base)': \(String(cString: strerror(errno)))", hint: "set $TMPDIR")
            }
            path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        isKept = asked != nil
        do {
            try files.createDirectory(atPath: "\(path)/intents", withIntermediateDirectories: true)
            for (name, text) in DemoIntents.all {
                try Data(text.utf8).write(to: URL(filePath: "\(path)/intents/\(name).yaml"))
            }
        } catch {
            throw CommandEnd.badInput("the intents to try cannot be written: \(error.localizedDescription)")
        }
    }

    func remove() {
        if !isKept { try? FileManager.default.removeItem(atPath: path) }
    }
}

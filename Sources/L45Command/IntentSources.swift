import Foundation
import L45Model

/// Finds and reads the files that hold intents.
enum IntentSources {
    /// - Returns: in the order given, the files of a folder by path.
    /// - Throws: `CommandEnd` that names the path: absent, unreadable, not UTF-8, or a folder without a YAML file.
    static func read(_ paths: [String]) throws -> [APISource] {
        var sources: [APISource] = []
        try forEach(paths) { sources.append(try $0()) }
        return sources
    }

    /// Reads what can be read, and says of each other file what is wrong with it.
    /// - Throws: only when the paths contradict each other.
    static func readAll(_ paths: [String]) throws -> (sources: [APISource], faults: [SourceFault]) {
        var sources: [APISource] = []
        var faults: [SourceFault] = []
        try forEach(paths, fault: { faults.append($0) }) { read in
            do throws(SourceFault) { sources.append(try read()) } catch { faults.append(error) }
        }
        return (sources, faults)
    }

    private static func forEach(
        _ paths: [String], fault: (SourceFault) throws -> Void = { throw $0.end },
        _ body: (() throws(SourceFault) -> APISource) throws -> Void
    ) throws {
        guard paths.count(where: { $0 == "-" }) <= 1 else {
            throw CommandEnd.badInput("standard input is named twice: it can be read once")
        }
        for path in paths {
            let files: [String]
            do throws(SourceFault) { files = try self.files(at: path) } catch {
                try fault(error)
                continue
            }
            for file in files {
                do {
                    try body { () throws(SourceFault) in try read(file) }
                } catch let error as SourceFault { throw error.end }
            }
        }
    }

    private static func files(at path: String) throws(SourceFault) -> [String] {
        if path == "-" { return [path] }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw SourceFault(path: path, message: "'\(path)' is not there")
        }
        return isFolder.boolValue ? try files(below: path) : [path]
    }

    private static func files(below folder: String) throws(SourceFault) -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: folder) else {
            throw SourceFault(path: folder, message: "the folder '\(folder)' cannot be read")
        }
        var found: [String] = []
        while let path = walk.nextObject() as? String {
            // What is hidden, such as .git, holds no intents.
            if path.split(separator: "/").last?.hasPrefix(".") == true {
                walk.skipDescendants()
            } else if path.hasSuffix(".yaml") || path.hasSuffix(".yml") {
                found.append(path)
            }
        }
        guard !found.isEmpty else {
            throw SourceFault(path: folder, message: "the folder '\(folder)' holds no *.yaml or *.yml file")
        }
        let base = folder.hasSuffix("/") ? folder : folder + "/"
        return found.sorted().map { base + $0 }
    }

    private static func read(_ path: String) throws(SourceFault) -> APISource {
        let bytes: Data?
        do {
            bytes =
                try path == "-" ? FileHandle.standardInput.readToEnd() : Data(contentsOf: URL(filePath: path))
        } catch {
            let system = (error as? CocoaError)?.underlying as? POSIXError
            throw SourceFault(
                path: path,
                message:
                    "'\(path)' cannot be read: \(system.map { String(cString: strerror($0.code.rawValue)) } ?? "\(error)")"
            )
        }
        guard let text = String(validating: bytes ?? Data(), as: UTF8.self) else {
            var fault = SourceFault(path: path, message: "'\(path)' is not UTF-8 text", hint: "save it as UTF-8")
            (fault.line, fault.column) = firstFault(bytes ?? Data())
            throw fault
        }
        return APISource(origin: path, text: text)
    }

    /// Where text ceases to be UTF-8: line and column in code points, from 1.
    private static func firstFault(_ bytes: Data) -> (line: Int, column: Int) {
        var decoder = UTF8()
        var rest = bytes.makeIterator()
        var (line, column) = (1, 1)
        while case .scalarValue(let scalar) = decoder.decode(&rest) {
            (line, column) = scalar == "\n" ? (line + 1, 1) : (line, column + 1)
        }
        return (line, column)
    }
}

/// A file or folder that gives no text.
struct SourceFault: Error {
    var path: String
    /// Names the path.
    var message: String
    var hint: String?
    var line = 1
    var column = 1

    var end: CommandEnd { .badInput(message, hint: hint) }
}

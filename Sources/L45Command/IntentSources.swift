import Foundation
import L45Model

/// Finds and reads the files that hold intents.
enum IntentSources {
    /// - Returns: in the order given, the files of a folder by path.
    /// - Throws: `CommandEnd` that names the path: absent, unreadable, not UTF-8, or a folder without a YAML file.
    static func read(_ paths: [String]) throws -> [APISource] {
        guard paths.count(where: { $0 == "-" }) <= 1 else {
            throw CommandEnd.badInput("standard input is named twice: it can be read once")
        }
        return try paths.flatMap { path in
            if path == "-" {
                return [APISource(origin: "-", text: try text(FileHandle.standardInput.readToEnd(), "-"))]
            }
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw CommandEnd.badInput("'\(path)' is not there")
            }
            return try (isFolder.boolValue ? files(below: path) : [path]).map(file)
        }
    }

    private static func files(below folder: String) throws -> [String] {
        guard let walk = FileManager.default.enumerator(atPath: folder) else {
            throw CommandEnd.badInput("the folder '\(folder)' cannot be read")
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
            throw CommandEnd.badInput("the folder '\(folder)' holds no *.yaml or *.yml file")
        }
        let base = folder.hasSuffix("/") ? folder : folder + "/"
        return found.sorted().map { base + $0 }
    }

    private static func file(_ path: String) throws -> APISource {
        do {
            return APISource(origin: path, text: try text(Data(contentsOf: URL(filePath: path)), path))
        } catch let error as CocoaError {
            let system = error.underlying as? POSIXError
            throw CommandEnd.badInput(
                "'\(path)' cannot be read: \(system.map { String(cString: strerror($0.code.rawValue)) } ?? "\(error)")")
        }
    }

    private static func text(_ bytes: Data?, _ path: String) throws -> String {
        guard let text = String(validating: bytes ?? Data(), as: UTF8.self) else {
            throw CommandEnd.badInput("'\(path)' is not UTF-8 text", hint: "save it as UTF-8")
        }
        return text
    }
}

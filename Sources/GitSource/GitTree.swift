/// The files of intents in a commit, by `git ls-tree -r -z -l`.
package struct GitTree: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        package var path: String
        package var object: String
        package var bytes: Int
    }

    /// Those with `.yaml` or `.yml`, none of them hidden, by path.
    package var files: [File] = []
    /// What can not be read as it stands, with its path.
    package var faults: [(path: String, reason: String)] = []

    package static let filesMax = 5000
    package static let bytesMax = 64 << 20
    package static let fileBytesMax = 1 << 20

    package static func == (a: GitTree, b: GitTree) -> Bool {
        a.files == b.files && a.faults.map(\.path) == b.faults.map(\.path)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(files) }

    /// Lines are `MODE TYPE OBJECT SIZE<tab>PATH`, each ended by a zero byte.
    package init(listing: [UInt8]) {
        for line in listing.split(separator: 0) {
            guard let tab = line.firstIndex(of: 9) else { continue }
            let words = String(decoding: line[..<tab], as: UTF8.self).split(separator: " ")
            let path = String(decoding: line[line.index(after: tab)...], as: UTF8.self)
            guard words.count == 4, path.hasSuffix(".yaml") || path.hasSuffix(".yml"),
                !path.split(separator: "/").contains(where: { $0.hasPrefix(".") })
            else { continue }
            guard words[0].hasPrefix("100"), words[1] == "blob", let bytes = Int(words[3]) else {
                faults.append((path, "this is a link or a submodule; only files of the repository itself are read"))
                continue
            }
            guard bytes <= Self.fileBytesMax else {
                faults.append(
                    (path, "this file has \(bytes) bytes, a file of intents at most \(Self.fileBytesMax); split it"))
                continue
            }
            files.append(File(path: path, object: String(words[2]), bytes: bytes))
        }
        files.sort { $0.path < $1.path }
    }

    /// Whether there is more than is read; in words.
    package var excess: String? {
        if files.count > Self.filesMax {
            return "it has \(files.count) files of intents, at most \(Self.filesMax) are read"
        }
        let bytes = files.reduce(0) { $0 + $1.bytes }
        return bytes > Self.bytesMax
            ? "its files of intents have \(bytes) bytes together, at most \(Self.bytesMax) are read" : nil
    }

    /// What `git cat-file --batch` answers for `files`, in their order: `OBJECT TYPE SIZE`, a line end, the bytes, a line end.
    /// - Returns: nil when an answer is missing or another one than was asked for.
    package func contents(_ answer: [UInt8]) -> [[UInt8]]? {
        var rest = answer[...]
        var contents: [[UInt8]] = []
        for file in files {
            guard let end = rest.firstIndex(of: 10) else { return nil }
            guard String(decoding: rest[..<end], as: UTF8.self) == "\(file.object) blob \(file.bytes)" else {
                return nil
            }
            let start = end + 1
            guard rest.endIndex - start > file.bytes else { return nil }
            contents.append(Array(rest[start..<start + file.bytes]))
            rest = rest[(start + file.bytes + 1)...]
        }
        return contents
    }
}

import Foundation

/// `control.proto` as data, so that a test can walk a message without the code that was generated from it.
struct WireSchema {
    struct Field: Hashable {
        var name: String
        /// Of the message that it holds; nil: a scalar, an enum or a map.
        var message: String?
    }

    /// Message, field number, field.
    private(set) var messages: [String: [Int: Field]] = [:]

    /// Numbers from here on came after the first release: the minor version before does not know them.
    static let laterNumbers = 40

    /// Reads the file beside the sources.
    init() throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/ControlChannel/Protocol/control.proto").standardizedFileURL
        var message: String?
        var types: [String: [Int: (name: String, type: String)]] = [:]
        for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") {
            let words = line.split(whereSeparator: { " ;".contains($0) }).map(String.init)
            if words.first == "message", words.count > 1 {
                message = words[1]
                types[words[1]] = [:]
            } else if line == "}" {
                message = nil
            } else if let message, let at = words.firstIndex(of: "="), at >= 2, let number = Int(words[at + 1]) {
                types[message]?[number] = (words[at - 1], words[at - 2])
            }
        }
        messages = types.mapValues { fields in
            fields.mapValues { Field(name: $0.name, message: types[$0.type] == nil ? nil : $0.type) }
        }
    }
}

/// A message's bytes taken apart by the schema, so that they can be put together again with something more or less in them.
struct WireTree {
    struct Part {
        var number: Int
        var type: Int
        /// Of a scalar: as it is on the wire after its tag. Of a message: `tree`.
        var bytes: [UInt8] = []
        var tree: WireTree?
    }

    var parts: [Part] = []

    /// nil: the bytes are no message.
    init?(_ bytes: [UInt8], _ message: String, _ schema: WireSchema) {
        var at = 0
        func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 70, by: 7) {
                guard at < bytes.count else { return nil }
                let byte = bytes[at]
                at += 1
                value |= UInt64(byte & 0x7f) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }
        while at < bytes.count {
            guard let tag = varint() else { return nil }
            let (number, type) = (Int(tag >> 3), Int(tag & 7))
            let from = at
            switch type {
            case 0: guard varint() != nil else { return nil }
            case 1: at += 8
            case 5: at += 4
            case 2:
                guard let count = varint(), at + Int(count) <= bytes.count else { return nil }
                let inner = Array(bytes[at..<at + Int(count)])
                at += Int(count)
                if let name = schema.messages[message]?[number]?.message {
                    guard let tree = WireTree(inner, name, schema) else { return nil }
                    parts.append(Part(number: number, type: type, tree: tree))
                    continue
                }
            default: return nil
            }
            guard at <= bytes.count else { return nil }
            parts.append(Part(number: number, type: type, bytes: Array(bytes[from..<at])))
        }
    }

    var bytes: [UInt8] {
        parts.flatMap { part -> [UInt8] in
            let tag = Self.varint(UInt64(part.number) << 3 | UInt64(part.type))
            guard let inner = part.tree?.bytes else { return tag + part.bytes }
            return tag + Self.varint(UInt64(inner.count)) + inner
        }
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var left = value
        var bytes: [UInt8] = []
        while left >= 0x80 {
            bytes.append(UInt8(left & 0x7f) | 0x80)
            left >>= 7
        }
        return bytes + [UInt8(left)]
    }

    /// Fields of every wire type that nobody knows.
    static let strangers = [
        Part(number: 2001, type: 0, bytes: [0x96, 0x01]),
        Part(number: 2002, type: 1, bytes: Array(repeating: 7, count: 8)),
        Part(number: 2003, type: 2, bytes: [3, 0xff, 0x00, 0x80]), Part(number: 2004, type: 5, bytes: [1, 2, 3, 4]),
    ]

    /// This message, once for each message in it, with `change` made to that one alone.
    func each(_ change: (WireTree) -> [WireTree]) -> [WireTree] {
        var all = change(self)
        for (at, part) in parts.enumerated() {
            guard let tree = part.tree else { continue }
            all += tree.each(change).map { inner in
                var copy = self
                copy.parts[at].tree = inner
                return copy
            }
        }
        return all
    }

    /// Without what came after the first release, at any depth.
    var early: WireTree {
        var copy = self
        copy.parts = parts.filter { $0.number < WireSchema.laterNumbers }
        for at in copy.parts.indices { copy.parts[at].tree = copy.parts[at].tree?.early }
        return copy
    }
}

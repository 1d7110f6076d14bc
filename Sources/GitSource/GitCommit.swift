import Foundation

/// A commit object, as far as it is looked at.
package struct GitCommit: Hashable, Sendable {
    package var id: String
    /// `Jane Doe <jane@example.org>`, printable, at most 200 characters.
    package var author: String
    package var subject: String
    package var isSigned: Bool

    package init(id: String, author: String, subject: String, isSigned: Bool) {
        self.id = id
        self.author = author
        self.subject = subject
        self.isSigned = isSigned
    }

    /// Reads what `git cat-file --batch` answers: `ID commit SIZE`, a line end, the object.
    /// - Returns: nil: there is no such commit.
    package init?(answer: [UInt8]) {
        guard let end = answer.firstIndex(of: 10) else { return nil }
        let words = String(decoding: answer[..<end], as: UTF8.self).split(separator: " ")
        guard words.count == 3, words[1] == "commit", let bytes = Int(words[2]), answer.count > end + bytes else {
            return nil
        }
        self.init(id: String(words[0]), object: Array(answer[(end + 1)...(end + bytes)]))
    }

    /// Reads a commit object: headers, an empty line, the message.
    package init(id: String, object: [UInt8]) {
        var author = ""
        var isSigned = false
        var subject = ""
        var inMessage = false
        for line in String(decoding: object, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false) {
            if inMessage {
                if line.allSatisfy(\.isWhitespace) { continue }
                subject = Self.shown(line)
                break
            }
            if line.isEmpty { inMessage = true }
            if line.hasPrefix("gpgsig ") || line.hasPrefix("gpgsig-sha256 ") { isSigned = true }
            if line.hasPrefix("author "), let end = line.lastIndex(of: ">") {
                author = Self.shown(line[...end].dropFirst("author ".count))
            }
        }
        self.init(id: id, author: author, subject: subject, isSigned: isSigned)
    }

    private static func shown(_ text: some StringProtocol) -> String {
        String(text.unicodeScalars.filter { $0.properties.generalCategory != .control }.prefix(200).map(Character.init))
    }
}

/// Blocks of PEM one after the other in one text (RFC 7468).
enum PemText {
    struct Block: Equatable {
        /// `CERTIFICATE`, `PRIVATE KEY`.
        let label: String
        /// With its first and last line.
        let text: String
    }

    /// - Returns: the blocks in their order; nil when one does not end, or something else stands between them.
    static func blocks(_ text: String) -> [Block]? {
        var blocks: [Block] = []
        var open: (label: String, lines: [Substring])?
        for line in text.split(separator: "\n") {
            if line.hasPrefix("-----BEGIN "), line.hasSuffix("-----"), open == nil {
                open = (String(line.dropFirst(11).dropLast(5)), [line])
            } else if let (label, lines) = open {
                open?.lines.append(line)
                guard line == "-----END \(label)-----" else { continue }
                blocks.append(Block(label: label, text: (lines + [line]).joined(separator: "\n")))
                open = nil
            } else if !line.allSatisfy(\.isWhitespace) {
                return nil
            }
        }
        return open == nil ? blocks : nil
    }
}

/// A stretch of one line of an intent file, with that line, so that it can be shown wherever the message ends up.
package struct SourcePlace: Hashable, Codable, Sendable {
    /// File name, `-` for standard input, or whatever else the text came from.
    package var origin: String
    /// From 1.
    package var line: Int
    /// From 1, counted in Unicode code points.
    package var column: Int
    /// Code points to underline, at least 1.
    package var length: Int
    /// The line itself, without its end; nil when there is none, such as past the end of an empty file.
    package var excerpt: String?

    package init(origin: String, line: Int, column: Int, length: Int = 1, excerpt: String? = nil) {
        self.origin = origin
        self.line = line
        self.column = column
        self.length = max(1, length)
        self.excerpt = excerpt
    }

    /// `intents/dns.yaml:7:11`.
    package var short: String { "\(origin):\(line):\(column)" }
}

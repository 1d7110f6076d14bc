/// One file of intents, as text: it may hold several YAML documents.
package struct IntentSource: Hashable, Sendable {
    /// File name, or `-` for standard input.
    package var origin: String
    package var text: String

    package init(origin: String, text: String) {
        self.origin = origin
        self.text = text
    }
}

/// What an intent file may not exceed, so that no file can exhaust its reader.
package enum SourceBounds {
    package static let fileBytesMax = 1 << 20
    package static let documentBytesMax = 64 << 10
    package static let documentsMax = 1000
    /// Mappings and sequences inside one another. The language itself needs 7.
    package static let depthMax = 16
    /// Errors told of one file.
    package static let diagnosticsMax = 200
    /// YAML anchors and aliases are refused, each with its place; but the parser expands them first. With at most these
    /// many in a document, the worst nesting of one inside another expands to (32 / 8)^8 = 65,536 nodes.
    static let anchorsMax = 8
    static let aliasesMax = 32
}

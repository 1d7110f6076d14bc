import Inventory

/// Where the key is that opens an orchestrator's state: `file:PATH`, `credential:NAME`, `command:/PROGRAM ARGUMENT...`.
package struct KeyPlace: Hashable, Sendable, CustomStringConvertible {
    let source: KeySource

    /// - Returns: nil when the text is none of these.
    package init?(_ text: String) {
        guard let source = KeySource(text) else { return nil }
        self.source = source
    }

    /// Without a command's arguments.
    package var description: String { source.description }
}

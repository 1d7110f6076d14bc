import ArgumentParser

/// One or more labels as written on a command line: `role=web,site=boston`.
struct Labels: ExpressibleByArgument, Hashable, Sendable {
    var pairs: [String: String]

    init(_ pairs: [String: String] = [:]) { self.pairs = pairs }

    /// - Returns: nil unless each part is KEY=VALUE with a key, and no key comes twice.
    init?(argument: String) {
        pairs = [:]
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty, pairs[String(sides[0])] == nil else { return nil }
            pairs[String(sides[0])] = String(sides[1])
        }
    }

    /// Later ones win.
    static func merged(_ all: [Labels]) -> [String: String] {
        all.reduce(into: [:]) { $0.merge($1.pairs) { _, new in new } }
    }
}

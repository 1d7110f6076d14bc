/// The nearest of the words that would have been right.
enum Suggestion {
    /// - Returns: the candidate within a third of the word's length (at least 1) in edits, letter case aside; nil when
    ///   nothing is that near. The first of equals wins.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        // A word of a megabyte is no typing mistake, and the table below is its length squared.
        guard word.utf8.count <= 64 else { return nil }
        let letters = Array(word.lowercased().unicodeScalars)
        let editsMax = max(1, letters.count / 3)
        var best: (edits: Int, candidate: String)?
        for candidate in candidates {
            let edits = distance(letters, Array(candidate.lowercased().unicodeScalars))
            if edits <= editsMax, edits < best?.edits ?? .max { best = (edits, candidate) }
        }
        return best?.candidate
    }

    /// `did you mean 'clients'?`, or else what `otherwise` says.
    static func hint(for word: String, among candidates: [String], otherwise: String? = nil) -> String? {
        nearest(to: word, among: candidates).map { "did you mean '\($0)'?" } ?? otherwise
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i]
            for j in 1...b.count {
                var edits = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    edits = min(edits, beforeLast[j - 2] + 1)
                }
                row.append(edits)
            }
            beforeLast = last
            last = row
        }
        return last[b.count]
    }
}

/// `a`, `a and b`, `a, b and c`; long lists end in `and 7 more`.
func enumeration(_ items: [String], max shown: Int = 6, conjunction: String = "and") -> String {
    if items.count > shown {
        return items.prefix(shown).joined(separator: ", ") + " and \(items.count - shown) more"
    }
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " \(conjunction) \(last)"
}

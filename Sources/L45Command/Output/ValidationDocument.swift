import IntentCompiler
import L45Model

/// What `l45 validate -o json` prints. Keys are added and never change their meaning.
struct ValidationDocument: Encodable {
    var files: Int
    /// Of those without a mistake of their own, in the order of reading.
    var intents: [String]
    var errors: Int
    var warnings: Int
    /// SHA-256 of what the files compile to on a fleet made of their own selectors; absent when there are errors.
    var compiled: String?
    var diagnostics: [Finding]

    /// A stretch of a line: columns in Unicode code points, from 1; `endColumn` is the one behind it.
    struct Finding: Encodable {
        var severity: String
        var rule: String
        var file: String
        var line: Int
        var column: Int
        var endColumn: Int
        var message: String
        var hint: String?
        /// The line itself.
        var excerpt: String?
        var notes: [Note]?
    }

    struct Note: Encodable {
        var file: String
        var line: Int
        var column: Int
        var message: String
    }

    init(_ check: OfflineCheck, files: Int) {
        self.files = files
        intents = check.intents.map(\.name.rawValue)
        errors = check.diagnostics.count { $0.severity == .error }
        warnings = check.diagnostics.count - errors
        compiled = check.compiled?.hex
        diagnostics = check.diagnostics.map { each in
            Finding(
                severity: each.severity.rawValue, rule: each.rule.rawValue, file: each.origin, line: each.line,
                column: each.column, endColumn: each.column + each.place.length, message: each.message,
                hint: each.hint, excerpt: each.place.excerpt,
                notes: each.notes.isEmpty
                    ? nil
                    : each.notes.map {
                        Note(
                            file: $0.place.origin, line: $0.place.line, column: $0.place.column, message: $0.message)
                    })
        }
    }
}

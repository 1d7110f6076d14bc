import IntentCompiler
import L45Model

enum ValidationText {
    /// `12 intents in 3 files: 2 mistakes, 1 warning`.
    static func summary(_ check: OfflineCheck, files: Int) -> String {
        let errors = check.diagnostics.count { $0.severity == .error }
        let warnings = check.diagnostics.count - errors
        var found = errors == 0 ? "no mistake" : counted(errors, "mistake")
        if warnings > 0 { found += ", \(counted(warnings, "warning"))" }
        return
            "\(counted(check.intents.count, errors == 0 ? "intent" : "sound intent")) in \(counted(files, "file")): \(found)"
    }
}

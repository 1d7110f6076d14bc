import IntentCompiler
package import L45Model

/// From intents and devices to plans, with editions raised where content changes.
package enum Planning {
    package struct Planned: Sendable {
        package var book: IntentBook
        package var plans: [DevicePlan]
        /// Rendered; none of them stops the plan.
        package var warnings: [String]
        /// Intents whose edition was raised because a module would have changed under its id.
        package var raised: [IntentName]
    }

    /// Compiles `book` for `devices`.
    ///
    /// A module's id says intent, edition, flow, role and device, not content. Where a compilation would give an id that the
    /// fleet knows other content, the edition of that intent is raised, so that the change travels as a rotation.
    /// - Parameter known: every module that a plan or a table of the fleet holds.
    /// - Throws: `badInput` with the compiler's findings; then nothing has changed.
    package static func plan(
        _ book: IntentBook, devices: [Device], rootSecret: Secret, known: [ModuleID: ModulePlan], now: Timestamp
    ) throws(APIFailure) -> Planned {
        var book = book
        var raised: Set<IntentName> = []
        var compiled = try compile(book, devices, rootSecret)
        let changed = Set(
            compiled.plans.flatMap(\.modules).filter { module in known[module.id].map { $0 != module } ?? false }
                .map(\.intent))
        if !changed.isEmpty {
            for intent in changed { book.advance(intent, now: now) }
            raised = changed
            compiled = try compile(book, devices, rootSecret)
        }
        return Planned(book: book, plans: compiled.plans, warnings: compiled.warnings, raised: raised.sorted())
    }

    private static func compile(
        _ book: IntentBook, _ devices: [Device], _ rootSecret: Secret
    ) throws(APIFailure) -> (plans: [DevicePlan], warnings: [String]) {
        let compilation = IntentCompiler.compile(
            CompilerInput(entries: book.entries, devices: devices, rootSecret: rootSecret))
        let faults = compilation.diagnostics.filter { $0.severity == .error }
        guard faults.isEmpty else {
            throw APIFailure(
                .badInput, "the intents do not fit the fleet; nothing was changed",
                diagnostics: faults.map { $0.rendered() })
        }
        return (compilation.plans, compilation.diagnostics.map { $0.rendered() })
    }
}

import Foundation
package import L45Model

/// What can be said of files of intents without a fleet: `l45 validate`.
package struct OfflineCheck: Sendable {
    /// Those without a mistake of their own, in the order of reading.
    package let intents: [Intent]
    /// In the order of reading.
    package let diagnostics: [Diagnostic]
    /// Of what the files compile to on a fleet made of their own selectors: equal digests, equal plans. nil when anything in
    /// them is an error.
    package let compiled: Digest?

    /// - Parameter faults: of files that could not be read.
    package init(_ sources: [IntentSource], faults: [Diagnostic] = []) {
        let parsed = IntentParser.parse(sources)
        var diagnostics = faults + parsed.diagnostics
        let known = Set(parsed.intents.map(\.name))
        // A name that stands in a document with a mistake is there all the same.
        let isWhole = !diagnostics.hasErrors
        var checked: [Intent] = []
        let fleet = ModelFleet(parsed.intents)
        for intent in parsed.intents {
            let told = diagnostics.count
            Self.tellImpossible(intent, fleet, &diagnostics)
            guard diagnostics.count == told else { continue }
            checked.append(Self.within(known, intent, isWhole: isWhole, &diagnostics))
        }
        let input = CompilerInput(
            entries: checked.map { CompilerInput.Entry($0, epoch: .first) }, devices: fleet.devices,
            rootSecret: Self.rootSecret)
        let compilation = IntentCompiler.compile(input)
        // What it warns of is about addresses, which this fleet has not.
        diagnostics += compilation.diagnostics.filter { $0.severity == .error }
        self.intents = parsed.intents
        self.diagnostics = diagnostics.inReadingOrder()
        compiled = diagnostics.hasErrors ? nil : Self.digest(compilation)
    }

    /// No secret: nothing that is derived from it leaves this process.
    private static let rootSecret = Secret(Array("the model fleet of 'l45 validate'".utf8))

    private struct Compiled: Encodable {
        var plans: [DevicePlan]
        var paths: [DevicePaths]
        var summaries: [IntentSummary]
    }

    private static func digest(_ compilation: Compilation) -> Digest? {
        try? Digest(
            ofValue: Compiled(
                plans: compilation.plans, paths: compilation.paths, summaries: compilation.summaries))
    }

    private static func tellImpossible(_ intent: Intent, _ fleet: ModelFleet, _ diagnostics: inout [Diagnostic]) {
        guard intent.posture == nil else { return }
        for (side, selector, place) in [
            ("clients", intent.clients, intent.places.clients), ("servers", intent.servers, intent.places.servers),
        ] {
            guard let culprit = fleet.impossible[selector] else { continue }
            let each = culprit.requirements.map { LabelSelector([$0]).description }
            diagnostics.append(
                Diagnostic(
                    at: place ?? intent.places.name,
                    "intent '\(intent.name)' selects no \(side): no device can have \(enumeration(each)) together",
                    hint: "take one of them away; 'a|b' means either"))
        }
    }

    /// The intent without what it says of intents in none of the files: those may be in force already.
    private static func within(
        _ known: Set<IntentName>, _ intent: Intent, isWhole: Bool, _ diagnostics: inout [Diagnostic]
    ) -> Intent {
        var intent = intent
        let names = known.map(\.rawValue).sorted()
        func tell(_ place: SourcePlace, _ message: String, _ word: String) {
            guard isWhole else { return }
            diagnostics.append(
                Diagnostic(
                    .warning, at: place, message,
                    hint: Suggestion.hint(
                        for: word, among: names.filter { $0 != intent.name.rawValue },
                        otherwise: "right if it is in force already: 'l45 plan' asks the orchestrator"),
                    rule: .reference))
        }
        if let after = intent.after, !known.contains(after) {
            tell(
                intent.places.after ?? intent.places.name, "none of these files has the intent '\(after)'",
                after.rawValue)
            intent.after = nil
            // Its label has nothing to be put behind.
            for at in intent.tags.indices { intent.tags[at].addedLabel = "" }
        }
        guard var posture = intent.posture else { return intent }
        posture.uses.removeAll { use in
            let isThere = use.prefix.map { prefix in names.contains { $0.hasPrefix(prefix) } }
            if isThere ?? known.contains(IntentName(use.pattern)) { return false }
            tell(use.place, "none of these files has an intent '\(use.pattern)'", use.pattern)
            return true
        }
        intent.posture = posture
        return intent
    }
}

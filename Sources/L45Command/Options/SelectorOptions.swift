import ArgumentParser
import IntentCompiler
import L45Model

/// `-l`: which devices, by their labels.
struct SelectorOptions: ParsableArguments {
    @Option(
        name: [.customShort("l"), .customLong("selector")],
        help: ArgumentHelp(
            "Of devices with these labels: 'role=web,site!=lab,rack in (a,b),tier notin (x),gpu,!spare'. All must hold.",
            valueName: "selector"))
    var selector: [String] = []

    var isEmpty: Bool { selector.isEmpty }

    /// - Throws: `CommandEnd`, with a caret under what is wrong.
    func parsed() throws -> LabelSelector {
        var requirements: [LabelSelector.Requirement] = []
        for text in selector {
            do throws(Diagnostic) {
                requirements += try SelectorReader.read(text, origin: "-l").requirements
            } catch {
                throw CommandEnd.failed(
                    CommandFailure(
                        status: .badInput, message: "the selector has a mistake", diagnostics: [error.rendered()]))
            }
        }
        return LabelSelector(requirements)
    }
}

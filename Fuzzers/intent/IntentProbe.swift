import IntentCompiler

/// One execution of the intent fuzzer: bytes that came from anywhere, read as a file of intents and of inventories, checked and
/// compiled as `l45 validate` does. What must hold for all bytes is checked by `check`, which ends the program.
enum IntentProbe {
    private static let origin = "x.yaml"

    static func run(_ bytes: UnsafeBufferPointer<UInt8>) {
        let file = IntentSource(origin: origin, text: String(decoding: bytes, as: UTF8.self))
        let lines = file.text.unicodeScalars.count { $0 == "\n" } + 1
        let inventory = InventoryReader.read([file])
        places(inventory.diagnostics, lines)
        // What was blanked out of it leaves every other place where it was.
        for rest in inventory.rest {
            check(rest.text.unicodeScalars.count { $0 == "\n" } + 1 == lines, "an inventory taken out moves lines")
        }
        let offline = OfflineCheck(inventory.rest)
        places(offline.diagnostics, lines)
        check(offline.compiled == OfflineCheck(inventory.rest).compiled, "one file compiles to two plans")
        guard !offline.diagnostics.hasErrors else { return }
        for intent in offline.intents { printed(intent) }
    }

    /// Each mistake is told at a place that is there, in words.
    private static func places(_ diagnostics: [Diagnostic], _ lines: Int) {
        for each in diagnostics {
            for place in [each.place] + each.notes.map(\.place) {
                check(
                    (1...lines).contains(place.line) && place.column >= 1 && place.length >= 1,
                    "\(place.short) of \(lines) lines")
            }
            check(!each.message.isEmpty && each.rendered().contains(each.message), "a mistake without a word")
        }
    }

    /// What was taken is taken again as it is printed, and is the same.
    private static func printed(_ intent: Intent) {
        let text = explain(intent)
        let again = IntentParser.parse(IntentSource(origin: origin, text: text))
        check(again.intents.map { explain($0) } == [text], "printed and read again it is another: \(text)")
    }

    private static func check(_ holds: Bool, _ what: @autoclosure () -> String) { if !holds { fatalError(what()) } }
}

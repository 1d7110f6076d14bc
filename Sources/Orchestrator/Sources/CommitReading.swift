import IntentCompiler
import L45Model

/// What the documents of a commit say, without fault.
struct CommitReading: Sendable {
    var intents: IntentBook.Reading
    /// Devices that its inventories declare; nil: it has no inventory.
    var inventory: [DeclaredDevice]?
    var middleboxes: [DeclaredMiddlebox] = []

    /// - Parameters:
    ///   - faults: of files that cannot be read at all, rendered.
    ///   - revision: what the files' origins begin with, before a colon: `net@3f00c0ffee12`.
    ///   - manager: who declares, `git/net`.
    /// - Throws: `badInput` with every fault of every file.
    static func read(
        _ files: [APISource], _ faults: [String], revision: String, manager: String
    ) throws(APIFailure) -> CommitReading {
        let reading = InventoryReader.read(files.map { IntentSource(origin: $0.origin, text: $0.text) })
        let rest = reading.rest.map { APISource(origin: $0.origin, text: $0.text) }
        var all = faults + reading.diagnostics.filter { $0.severity == .error }.map { $0.rendered() }
        guard !all.isEmpty else {
            return CommitReading(
                intents: try IntentBook.read(rest),
                inventory: reading.isThere
                    ? reading.devices.map { settled($0, revision: revision, manager: manager) } : nil,
                middleboxes: reading.middleboxes.map { settled($0, revision: revision, manager: manager) })
        }
        do throws(APIFailure) { _ = try IntentBook.read(rest) } catch { all += error.diagnostics }
        throw APIFailure(
            .badInput, "the files have \(counted(all.count, "fault")); nothing was changed", diagnostics: all)
    }

    /// Declared by the source, in a file of it: whatever revision says the same.
    private static func settled(_ device: DeclaredDevice, revision: String, manager: String) -> DeclaredDevice {
        var device = device
        device.by = manager
        device.origin = placed(device.origin, revision, manager)
        device.place = device.place.map { placed($0, revision, manager) }
        return device
    }

    private static func settled(_ box: DeclaredMiddlebox, revision: String, manager: String) -> DeclaredMiddlebox {
        var box = box
        box.by = manager
        box.origin = placed(box.origin, revision, manager)
        box.place = box.place.map { placed($0, revision, manager) }
        return box
    }

    private static func placed(_ place: String, _ revision: String, _ manager: String) -> String {
        place.hasPrefix("\(revision):") ? manager + place.dropFirst(revision.count) : place
    }
}

import ArgumentParser
import L45Model

struct LabelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label",
        abstract: "Change the operator's labels of a device.",
        discussion: """
            They win over what the device says of itself, and intents that select by them follow at once.

              l45 label device resolver-1 role=resolver site=boston
              l45 label device resolver-1 site-           take 'site' off
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable { case device }

    @Argument(help: "What it is.")
    var kind: Kind
    @Argument(help: "Name, id or the start of an id.", completion: Names.devices)
    var name: String
    @Argument(help: ArgumentHelp("KEY=VALUE to set, KEY- to take off.", valueName: "change"))
    var changes: [String]
    @OptionGroup var server: ServerOptions

    func validate() throws { _ = try request() }

    func run() async throws {
        let response = try await server.ask(.setLabels(request()))
        guard case .device(let device) = response else { throw response.unexpected }
        let labels = DevicesTable.labels(device.labels)
        try Console.standard.print(
            "device/\(Printable.line(device.name)) has \(labels.isEmpty ? "no labels" : Printable.line(labels))")
    }

    private func request() throws -> LabelRequest {
        var request = LabelRequest(device: name, set: [:])
        guard !changes.isEmpty else { throw ValidationError("Say what to change: KEY=VALUE or KEY-.") }
        for change in changes {
            if let labels = Labels(argument: change) {
                request.set.merge(labels.pairs) { _, new in new }
            } else if change.hasSuffix("-"), change.count > 1, !change.contains("=") {
                request.remove.append(String(change.dropLast()))
            } else {
                throw ValidationError("'\(change)' is neither KEY=VALUE nor KEY-.")
            }
        }
        return request
    }
}

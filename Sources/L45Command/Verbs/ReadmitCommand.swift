import ArgumentParser
import L45Model

struct ReadmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "readmit",
        abstract: "Let a device take part again that failed a security check.",
        discussion: """
            Its modules come back in a new edition, with new keys. Find out first what answered in their place.

              l45 readmit device resolver-1
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable { case device }

    @Argument(help: "What it is.")
    var kind: Kind
    @Argument(help: "Name, id or the start of an id.")
    var name: String
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let response = try await server.ask(.readmitDevice(DeviceRequest(device: name)))
        guard case .device(let device) = response else { throw response.unexpected }
        try Console.standard.print("device/\(device.id) readmitted")
    }
}

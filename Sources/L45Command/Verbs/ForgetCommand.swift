import ArgumentParser
import L45Model

struct ForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Drop a device that will not come back.",
        discussion: """
            No rollout waits for it any more. Should it come back, it needs a new token.

              l45 forget device resolver-1
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable, Sendable { case device }

    @Argument(help: "What it is.")
    var kind: Kind
    @Argument(help: "Name, id or the start of an id.")
    var name: String
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let response = try await server.ask(.forgetDevice(DeviceRequest(device: name)))
        guard case .forgotten(let id) = response else { throw response.unexpected }
        try Console.standard.print("device/\(id) forgotten")
    }
}

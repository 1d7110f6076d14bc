import ArgumentParser
import L45Model

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device", abstract: "Act on one device's access.", subcommands: [Evict.self])

    struct Evict: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "evict",
            abstract: "Cut a device off, and never take its key again.",
            discussion: """
                Its certificates are withdrawn, its connection is closed at once, and its peers' modules go as if it \
                had been forgotten. Whoever has its key is refused from then on, and each try is told. The machine \
                may come back with a new token, as a new device with a new key.

                  l45 device evict resolver-1 --reason "laptop stolen"
                """)

        @Argument(help: "Name, id or the start of an id.")
        var name: String
        @Option(help: ArgumentHelp("Why, for the trail.", valueName: "text"))
        var reason = ""
        @OptionGroup var server: ServerOptions

        func validate() throws {
            guard reason.utf8.count <= 1000 else { throw ValidationError("--reason is over 1000 bytes.") }
        }

        func run() async throws {
            let response = try await server.ask(.evictDevice(EvictRequest(device: name, reason: reason)))
            guard case .evicted(let result) = response else { throw response.unexpected }
            let certificates = result.certificates.count
            try Console.standard.print(
                "device/\(result.device) (\(result.name)) evicted: \(certificates) "
                    + "certificate\(certificates == 1 ? "" : "s") withdrawn, "
                    + (result.wasConnected ? "connection closed" : "it was away"))
        }
    }
}

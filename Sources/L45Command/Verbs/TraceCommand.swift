import ArgumentParser
import L45Model

struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Follow one flow: which intent has it, which module at each end, and why none when none.",
        discussion: """
            Asks what devices were told and what their taps report; sends no packet.

              l45 trace --from client-1 --to 192.0.2.53:53
              l45 trace --from client-1 --to 192.0.2.80:80 --protocol tcp --program curl
              l45 trace --from client-1 --to '[2001:db8::53]:53' -o jsonpath='{.verdict}'

            Exit status: 0 it is customized, 1 it is not.
            """)

    @Option(
        help: ArgumentHelp("The device that opens it: name, id or the start of an id.", valueName: "device"),
        completion: Names.devices)
    var from: String
    @Option(help: ArgumentHelp("Where it goes: ADDRESS:PORT.", valueName: "address:port"))
    var to: HostPort
    @Option(name: .customLong("protocol"), help: "udp or tcp.")
    var transport = Transport.udp
    @Option(
        help: ArgumentHelp("The program that opens it, as 'ps -o comm' names it; not given: any.", valueName: "name"))
    var program: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard AddressBlock(to.host) != nil else {
            throw ValidationError("--to takes an address, such as 192.0.2.53:53: '\(to.host)' is none.")
        }
        guard (1...65_535).contains(to.port) else { throw ValidationError("--to needs a port of 1 to 65535.") }
    }

    func run() async throws {
        guard let address = AddressBlock(to.host) else { return }
        let request = TraceRequest(
            device: from, transport: transport, address: address, port: UInt16(clamping: to.port), program: program)
        let response = try await server.ask(.trace(request))
        guard case .trace(let view) = response else { throw response.unexpected }
        let console = Console.standard
        try console.print(
            output.output.document(view, names: view.intent.map { ["intent/\($0)"] } ?? [])
                ?? TraceText.text(view, request, now: .now(), console.palette(for: .out)))
        guard view.verdict == .customized else { throw CommandEnd.notMet() }
    }
}

extension Transport: ExpressibleByArgument {}

import ArgumentParser
import Foundation
import L45Model

struct ThreatLevelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "threat-level",
        abstract: "See and change the level of the posture.",
        discussion: """
            A posture says which intents are in force at which level. All of them are installed ahead, so that a \
            change of level only changes who sends; it is as safe down as up.

              l45 threat-level                what is in force, who said so, what each level would change
              l45 threat-level CPCON2 --wait
              l45 threat-level --back --wait  to the level before
            """)

    @Argument(help: "The level to go to; none: show.")
    var level: String?
    @Flag(help: "Go back to the level before.")
    var back = false
    @OptionGroup var waiting: WaitOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard level == nil || !back else { throw ValidationError("Name a level or give --back, not both.") }
    }

    func run() async throws {
        let console = Console.standard
        guard level != nil || back else {
            if waiting.wait { return try await wait(for: nil, console) }
            return try await show(console)
        }
        let request = LevelRequest(level: level.map { PostureLevel($0) }, by: Self.author)
        let response = try await server.ask(.setLevel(request))
        guard case .level(let result) = response else { throw response.unexpected }
        try console.print(LevelText.text(result))
        if waiting.wait { try await wait(for: result.to, console) }
    }

    private func show(_ console: Console) async throws {
        let response = try await server.ask(.get(ResourceQuery(.posture)))
        guard case .posture(let postures) = response else { throw response.unexpected }
        guard let posture = postures.first else {
            return console.complain("no posture: apply one, such as intents/threat-level.yaml")
        }
        try console.print(DescribePosture.text(posture, events: nil, now: .now(), console.palette(for: .out)))
    }

    private func wait(for level: PostureLevel?, _ console: Console) async throws {
        try await Waiter(client: try server.client, console: console, timeout: waiting.timeout).wait(for: [
            .level(level)
        ])
        let response = try await server.ask(.get(ResourceQuery(.posture)))
        guard case .posture(let postures) = response, let posture = postures.first else { return }
        if let took = posture.tookMilliseconds {
            try console.print("time to posture: \(Span.milliseconds(took)), \(counted(posture.devices, "device"))")
        }
    }

    /// As this machine says: the socket's permissions decide who may.
    private static var author: String { "\(NSUserName())@\(ProcessInfo.processInfo.hostName)" }
}

/// What a change of level says.
enum LevelText {
    static func text(_ result: LevelResult) -> String {
        let name = "posture/\(result.posture)"
        guard result.changed else { return "\(name) is at \(result.to) already, set by \(result.setBefore)" }
        var lines = ["\(name) goes from \(result.from), set by \(result.setBefore), to \(result.to)"]
        func add(_ word: String, _ intents: [IntentName]) {
            if !intents.isEmpty { lines.append("  \(word) \(intents.map(\.rawValue).joined(separator: ", "))") }
        }
        add("into force:", result.begins)
        add("to standby:", result.rests)
        lines.append("  devices: \(result.devices)")
        return lines.joined(separator: "\n")
    }
}

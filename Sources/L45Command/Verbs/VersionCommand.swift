import ArgumentParser
import ControlChannel
import L45Model
import NIOCore

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Show the version of this command and of the orchestrator.")

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let console = Console.standard
        try console.print("l45 \(Build.version) (api \(APIVersion.current))")
        let response: APIResponse
        let client = try server.client
        do throws(OperatorClientError) {
            response = try await client.call(.version, within: .seconds(5))
        } catch {
            // That there is none is an answer to this question.
            return try console.print("orchestrator: \(error)")
        }
        switch response {
        case .version(let view): try console.print(VersionText.text(view, now: .now()))
        case .failure(let failure): throw CommandEnd.refused(failure)
        default: throw response.unexpected
        }
    }
}

/// What is said of the orchestrator.
enum VersionText {
    static func text(_ view: VersionView, now: Timestamp) -> String {
        """
        orchestrator \(view.version) (api \(view.api)), up for \(Age.since(view.startedAt, now))
          state   \(view.state)
          agents  \(view.listening ?? Age.none)
        """
    }
}

import ArgumentParser
import ControlChannel
import Foundation
import L45Model
import NIOCore

/// Which orchestrator to ask.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The orchestrator's socket or state folder. (default: $L45_SERVER)", valueName: "path"))
    var server: String?

    /// - Throws: `CommandEnd` when there is no answer, or a refusal.
    func ask(_ request: APIRequest, within: TimeAmount = .seconds(60)) async throws -> APIResponse {
        let response: APIResponse
        do throws(OperatorClientError) {
            response = try await client.call(request, within: within)
        } catch {
            throw CommandEnd.unanswered(error)
        }
        if case .failure(let failure) = response { throw CommandEnd.refused(failure) }
        return response
    }

    var client: OperatorClient {
        let environment = ProcessInfo.processInfo.environment
        let path = server ?? environment["L45_SERVER"].flatMap { $0.isEmpty ? nil : $0 }
        var isFolder: ObjCBool = false
        if let path, FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            return OperatorClient(path: path + "/api.sock")
        }
        let standard = StateFolders(environment: environment, uid: geteuid())
        return OperatorClient(path: path ?? standard.orchestratorSocket)
    }
}

extension APIResponse {
    /// An answer of a kind that the request does not have.
    var unexpected: CommandEnd {
        .refused(
            APIFailure(.internalError, "the orchestrator answered with '\(kind.rawValue)': is it of another build?"))
    }
}

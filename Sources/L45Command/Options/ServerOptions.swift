import ArgumentParser
import ControlChannel
import Foundation
import L45Model
import NIOCore

/// Which orchestrator to ask, and what is shown there.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The orchestrator's socket, its state folder, or HOST:PORT of another machine. (default: $L45_SERVER)",
            valueName: "path"))
    var server: String?
    @Option(
        help: ArgumentHelp(
            "Your key and certificate, for HOST:PORT; mode 600. (default: $L45_CERTIFICATE)", valueName: "file"))
    var certificate: String?
    @Option(
        help: ArgumentHelp("Your token, for HOST:PORT; mode 600. (default: $L45_TOKEN_FILE)", valueName: "file"))
    var tokenFile: String?

    func validate() throws {
        guard certificate == nil || tokenFile == nil else {
            throw ValidationError("Show --certificate or --token-file, not both.")
        }
    }

    /// - Throws: `CommandEnd` when there is no answer, or a refusal.
    func ask(_ request: APIRequest, within: TimeAmount = .seconds(60)) async throws -> APIResponse {
        let response: APIResponse
        let client = try client
        do throws(OperatorClientError) {
            response = try await client.call(request, within: within)
        } catch {
            throw CommandEnd.unanswered(error)
        }
        if case .failure(let failure) = response { throw CommandEnd.refused(failure) }
        return response
    }

    /// - Throws: when what is to be shown cannot be.
    var client: OperatorClient {
        get throws(CommandEnd) {
            let environment = ProcessInfo.processInfo.environment
            func given(_ option: String?, _ variable: String) -> String? {
                option ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
            }
            let place = given(server, "L45_SERVER")
            if let place, let remote = Self.remote(place) {
                let credential = try Self.credential(
                    certificate: tokenFile == nil ? given(certificate, "L45_CERTIFICATE") : nil,
                    token: certificate == nil ? given(tokenFile, "L45_TOKEN_FILE") : nil, place)
                return OperatorClient(.remote(host: remote.host, port: remote.port, credential: credential))
            }
            if certificate != nil || tokenFile != nil {
                throw .badInput(
                    "--certificate and --token-file are for another machine", hint: "name it with --server HOST:PORT")
            }
            var isFolder: ObjCBool = false
            if let place, FileManager.default.fileExists(atPath: place, isDirectory: &isFolder), isFolder.boolValue {
                return OperatorClient(path: place + "/api.sock")
            }
            let standard = StateFolders(environment: environment, uid: geteuid())
            return OperatorClient(path: place ?? standard.orchestratorSocket)
        }
    }

    /// A path has a slash, or is there; anything else with a port is another machine.
    private static func remote(_ place: String) -> HostPort? {
        guard !place.contains("/"), !FileManager.default.fileExists(atPath: place), place.contains(":") else {
            return nil
        }
        return HostPort(argument: place)
    }

    private static func credential(
        certificate: String?, token: String?, _ place: String
    ) throws(CommandEnd) -> OperatorCredential {
        do throws(PkiError) {
            if let certificate { return .certificate(try OperatorKeyFile(file: certificate)) }
            if let token { return .token(try OperatorToken(file: token)) }
        } catch {
            throw .badInput("\(error)")
        }
        throw .badInput(
            "'\(place)' is another machine, and nothing is shown there",
            hint: "give --certificate or --token-file, of what 'l45 operator add' printed")
    }
}

extension APIResponse {
    /// An answer of a kind that the request does not have.
    var unexpected: CommandEnd {
        .refused(
            APIFailure(.internalError, "the orchestrator answered with '\(kind.rawValue)': is it of another build?"))
    }
}

import ControlChannel
import Foundation
import L45Model
import Logging
import Synchronization

/// Answers as a test says, and remembers what it was asked. Only this is fake: socket, frames and JSON are real.
final class FakeOrchestrator: OperatorService {
    private let reply: @Sendable (APIRequest) -> APIResponse
    private let log = Mutex<[APIRequest]>([])

    init(_ reply: @escaping @Sendable (APIRequest) -> APIResponse) { self.reply = reply }

    var asked: [APIRequest] { log.withLock { $0 } }

    func answer(_ request: APIRequest) async -> APIResponse {
        log.withLock { $0.append(request) }
        return reply(request)
    }

    /// The fleet of `Fleet`, in the middle of a rotation.
    static func fleet() -> FakeOrchestrator {
        FakeOrchestrator { request in
            switch request {
            case .get(let query) where query.kind == .devices: .devices(Fleet.devices)
            case .get(let query) where query.kind == .intents: .intents([Fleet.intent()])
            case .get(let query) where query.kind == .modules: .modules(Fleet.modules)
            case .get: .rollouts([Fleet.rollout()])
            case .events: .events(Fleet.events)
            default: .failure(APIFailure(.internalError, "not in this test"))
            }
        }
    }
}

/// Serves for as long as `body` takes, on a socket in a folder of its own.
func serving<Service: OperatorService, Result: Sendable>(
    _ service: Service, policy: PeerPolicy = .ownerAndRoot,
    _ body: @Sendable @escaping (_ socket: String) async throws -> Result
) async throws -> Result {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    return try await serving(service, at: "\(folder.path)/api.sock", policy: policy, body)
}

/// Serves at a path.
func serving<Service: OperatorService, Result: Sendable>(
    _ service: Service, at socket: String, policy: PeerPolicy = .ownerAndRoot,
    _ body: @Sendable @escaping (_ socket: String) async throws -> Result
) async throws -> Result {
    let server = try await OperatorServer.bind(path: socket, service: service, policy: policy, logger: .silent)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        defer { group.cancelAll() }
        return try await body(socket)
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

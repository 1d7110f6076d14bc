import Foundation
import L45Model

/// The first frame of a connection from another machine, and its answer. Until it is answered, no frame may be longer than a
/// stranger's, and nothing of the API is there to be asked.
struct OperatorGreeting: Codable, Sendable {
    struct Body: Codable, Sendable {
        /// nil: the certificate of the connection says who it is.
        var token: String?
    }

    static let verb = "authenticate"
    var api = APIVersion.current
    var verb = Self.verb
    var body: Body

    init(token: OperatorToken?) { body = Body(token: token?.text) }

    struct Welcome: Codable, Sendable {
        static let kind = "admitted"
        var api = APIVersion.current
        var kind = Self.kind
        var name: String
        var role: OperatorRole
        var scope: LabelScope

        init(_ caller: Caller) {
            name = caller.name
            role = caller.role
            scope = caller.scope
        }
    }

    /// - Throws: `malformed`; what it says is never repeated, since it may be most of a token.
    static func decode(_ bytes: some DataProtocol) throws(APIFailure) -> OperatorGreeting {
        guard let greeting = try? CanonicalJSON.decode(OperatorGreeting.self, from: bytes), greeting.verb == Self.verb
        else {
            throw APIFailure(
                .notPermitted, "a connection from another machine begins with '\(Self.verb)'",
                hint: "use an l45 command with --token-file or --certificate")
        }
        guard greeting.api == APIVersion.current else {
            throw APIFailure(.unsupportedVersion, "this orchestrator speaks '\(APIVersion.current)'")
        }
        return greeting
    }
}

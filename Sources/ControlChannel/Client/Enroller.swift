package import L45Model
package import Logging
package import NIOCore

/// Gets a device its first certificate.
package enum Enroller {
    /// Connects to the orchestrator, checks by the token's fingerprint that it is the right one before anything is said,
    /// and asks for a certificate for `key`. May be repeated with the same token and key.
    /// - Throws: `ChannelRefusal` when the orchestrator refuses; `PkiError` when it is another one, or its answer is not
    ///   valid; otherwise why it could not be reached.
    package static func enrol(
        host: String, port: Int, token: EnrolmentToken, key: DeviceKey, hostName: String,
        timeout: Span = .seconds(20), now: @escaping @Sendable () -> Timestamp = { Timestamp.now() },
        group: (any EventLoopGroup)? = nil, logger: Logger
    ) async throws -> DeviceIdentity {
        fatalError()
    }
}

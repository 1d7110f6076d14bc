import ControlChannel
import L45Model
import Logging

/// Gets the device its identity: the stored one, or one by token, always for the same key.
enum AgentEnrolment {
    /// Tries again for as long as the orchestrator can not be reached or can not decide; a refusal ends it.
    /// - Throws: `AgentError` without a certificate that serves and without a token, `ChannelRefusal`, `PkiError`.
    static func identity(
        _ configuration: AgentConfiguration, store: IdentityStore, name: String, logger: Logger
    ) async throws -> DeviceIdentity {
        let token = try configuration.token.map { try EnrolmentToken($0) }
        if let identity = try store.load() {
            let expired = identity.expiresAt <= Timestamp.now()
            // A token of another authority moves the device to another orchestrator.
            if !expired, token.map({ $0.authority == identity.anchor.fingerprint }) ?? true { return identity }
            if token == nil { throw AgentError.expired(at: identity.expiresAt) }
        }
        guard let token else { throw AgentError.notEnrolled(stateFolder: configuration.stateFolder) }
        let key = try store.loadOrCreateKey()
        let delay = configuration.reconnect
        var random = SystemRandomNumberGenerator()
        var attempt = 0
        while true {
            do {
                let identity = try await Enroller.enrol(
                    host: configuration.host, port: configuration.port, token: token, key: key, hostName: name,
                    logger: logger)
                try store.save(identity)
                logger.info("device enrolled", metadata: ["device": "\(identity.device)", "token": "\(token.id)"])
                return identity
            } catch let refusal as ChannelRefusal where refusal.code != .unavailable {
                throw refusal
            } catch let error as PkiError {
                throw error
            } catch let error as CancellationError {
                throw error
            } catch {
                attempt += 1
                let span = delay.span(attempt: attempt, using: &random)
                logger.notice("enrolment tried in vain", metadata: ["reason": "\(error)", "retryIn": "\(span)"])
                try await Task.sleep(for: .milliseconds(span.milliseconds))
            }
        }
    }
}

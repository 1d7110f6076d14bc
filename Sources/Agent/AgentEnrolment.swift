import ControlChannel
import L45Model
import Logging

/// Gets the device its identity: the stored one, or one by token, for the same key unless the orchestrator withdrew that.
enum AgentEnrolment {
    /// What an agent connects with.
    struct Identities {
        var inUse: DeviceIdentity
        /// Kept and not yet used.
        var renewed: DeviceIdentity?
    }

    /// Tries again for as long as the orchestrator can not be reached or can not decide; a refusal ends it.
    /// - Throws: `AgentError` without a certificate that serves and without a token, `ChannelRefusal`, `PkiError`.
    static func identity(
        _ configuration: AgentConfiguration, store: IdentityStore, name: String,
        now: @escaping @Sendable () -> Timestamp, logger: Logger
    ) async throws -> Identities {
        let token = try configuration.token.map { try EnrolmentToken($0) }
        var former: DeviceIdentity?
        if let identity = try store.load() {
            let stored = Identities(inUse: identity, renewed: renewed(for: identity, store, logger))
            let newest = stored.renewed ?? identity
            let isOver = newest.expiresAt <= now()
            guard let token else {
                if isOver { throw AgentError.expired(at: newest.expiresAt) }
                return stored
            }
            // A token of another authority moves the device to another orchestrator.
            let isOurs = newest.anchors.contains { $0.fingerprint == token.authority }
            if !isOver, isOurs {
                guard store.isDismissed else { return stored }
                do {
                    return try await enrol(configuration, store, token, newest, name, now, logger)
                } catch let refusal as ChannelRefusal {
                    // A unit file may name a token of long ago for ever.
                    logger.error(
                        "this device's access was withdrawn, and its token admits it no more",
                        metadata: ["device": "\(newest.device)", "reason": "\(refusal)"])
                    return stored
                }
            }
            former = newest
        }
        guard let token else { throw AgentError.notEnrolled(stateFolder: configuration.stateFolder) }
        return try await enrol(configuration, store, token, former, name, now, logger)
    }

    /// One that does not read costs nothing but a renewal.
    private static func renewed(
        for identity: DeviceIdentity, _ store: IdentityStore, _ logger: Logger
    ) -> DeviceIdentity? {
        do {
            return try store.loadRenewed(for: identity)
        } catch {
            logger.error("renewed certificate can not be read", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    private static func enrol(
        _ configuration: AgentConfiguration, _ store: IdentityStore, _ token: EnrolmentToken,
        _ former: DeviceIdentity?, _ name: String, _ now: @escaping @Sendable () -> Timestamp, _ logger: Logger
    ) async throws -> Identities {
        var key = try former?.key ?? store.loadOrCreateKey()
        var former = former?.certificatePEM
        var isNewDevice = false
        let delay = configuration.reconnect
        var random = SystemRandomNumberGenerator()
        var attempt = 0
        while true {
            do {
                let identity = try await Enroller.enrol(
                    host: configuration.host, port: configuration.port, token: token, key: key, former: former,
                    hostName: name, now: now, logger: logger)
                try store.save(identity)
                logger.info("device enrolled", metadata: ["device": "\(identity.device)", "token": "\(token.id)"])
                return Identities(inUse: identity)
            } catch let refusal as ChannelRefusal where refusal.code == .deviceNotAllowed && !isNewDevice {
                // Evicted: its key is never taken again. With this token it may come as another device.
                logger.notice("this device was evicted; it asks to be admitted as a new one, with a new key")
                isNewDevice = true
                try store.discard()
                key = try store.loadOrCreateKey()
                former = nil
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

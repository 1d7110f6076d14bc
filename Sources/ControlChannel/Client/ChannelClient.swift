import L45Model
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// An agent's end of the device channel.
package final class ChannelClient: Sendable {
    /// How a connection went.
    struct Outcome: Sendable {
        let reason: String
        /// nil: never open.
        let openFor: TimeAmount?
    }

    /// How long a stop waits for the connection to end in an orderly way.
    private static let stopMax = TimeAmount.seconds(3)

    /// For one consumer. Ends when `run` returns.
    package let events: AsyncStream<ClientEvent>

    private let shared: Shared

    package init(_ configuration: ChannelClientConfiguration, logger: Logger) {
        let shared = Shared(configuration, logger)
        self.shared = shared
        events = shared.events()
    }

    /// Sends over the present connection.
    /// - Returns: false when there is none, or the message does not fit a frame (which is logged): it is dropped. After
    ///   `connected` send the whole state again.
    @discardableResult
    package func send(_ message: AgentMessage) -> Bool {
        guard let channel = shared.channel else { return false }
        do {
            channel.write(LinkOutput.frame(try EncodedFrame(message)), promise: nil)
            return true
        } catch {
            shared.logger.info("message not sent", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Connects, and connects again whenever the connection is lost, until the task is cancelled. Call it once.
    package func run() async {
        let configuration = shared.configuration
        var random = SystemRandomNumberGenerator()
        var failures = 0
        while !Task.isCancelled {
            let outcome = await connect()
            if Task.isCancelled { break }
            let stable = outcome.openFor.map { $0 >= configuration.stableAfter.timeAmount } ?? false
            failures = stable ? 1 : failures + 1
            let delay = configuration.reconnect.span(attempt: failures, using: &random)
            shared.logger.info(
                "connection lost",
                metadata: [
                    "orchestrator": "\(configuration.host):\(configuration.port)", "reason": "\(outcome.reason)",
                    "retry_in": "\(delay)",
                ])
            _ = shared.deliver(.disconnected(reason: outcome.reason, retryIn: delay))
            try? await Task.sleep(for: .milliseconds(delay.milliseconds))
        }
        shared.finish()
    }

    private static func unreachable(_ configuration: ChannelClientConfiguration, _ error: any Error) -> Outcome {
        Outcome(reason: "cannot reach \(configuration.host) port \(configuration.port): \(error)", openFor: nil)
    }

    /// One connection, from its first packet to its end.
    private func connect() async -> Outcome {
        let shared = shared
        let configuration = shared.configuration
        let group = configuration.group ?? MultiThreadedEventLoopGroup.singleton
        let verdict = ServerVerdict()
        let outcome = group.next().makePromise(of: Outcome.self)
        do {
            let identity = shared.identity
            let tls = try TLS.clientContext(identity)
            let limits = LinkLimits(
                heartbeatEvery: configuration.heartbeatEvery.timeAmount,
                silenceMax: configuration.silenceMax.timeAmount, outboundBytesMax: configuration.outboundBytesMax)
            let connecting = ClientBootstrap(group: outcome.futureResult.eventLoop)
                .connectTimeout(configuration.greetingMax.timeAmount)
                .channelOption(SocketOptions.noDelay, value: 1)
                .channelOption(SocketOptions.notSentLowWater, value: SocketOptions.unsentBytesMax)
                .channelOption(.recvAllocator, value: SocketOptions.receiveBuffers)
                .channelOption(.writeBufferWaterMark, value: SocketOptions.writeWaterMark)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            try TLS.clientHandler(
                                tls, trust: .anchors(identity.anchors), now: configuration.now,
                                verdict: verdict),
                            LinkHandler(limits: limits),
                            ClientSessionHandler(shared, identity, verdict: verdict, outcome: outcome),
                        ])
                    }
                }
                .connect(host: configuration.host, port: configuration.port)
            connecting.whenFailure { outcome.succeed(Self.unreachable(configuration, $0)) }
            return try await withTaskCancellationHandler {
                try await outcome.futureResult.get()
            } onCancel: {
                connecting.whenSuccess { $0.close(promise: nil) }
                // An address that does not answer keeps nobody from stopping.
                connecting.eventLoop.scheduleTask(in: Self.stopMax) {
                    outcome.succeed(Outcome(reason: "stopped", openFor: nil))
                }
            }
        } catch {
            outcome.succeed(Self.unreachable(configuration, error))
            return Self.unreachable(configuration, error)
        }
    }
}

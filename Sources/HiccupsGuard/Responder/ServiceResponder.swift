/// A responder beside services, on a thread of its own: for an agent.
package final class ServiceResponder: Sendable {
    private let flag = StopFlag()
    private let ended = AsyncStream.makeStream(of: ProbeError?.self, bufferingPolicy: .bufferingNewest(1))

    private init() {}

    /// Returns once probes are answered.
    ///
    /// - Parameters:
    ///   - services: TCP ports, at most 256.
    ///   - slot: the exchange number of keyed integrity.
    ///   - keys: asked for with each burst of probes.
    /// - Throws: ``ProbeError``, where this host does not let us.
    package static func start(
        beside services: [UInt16], slot: @escaping @Sendable () -> UInt64 = { TimeSlot.current() },
        keys: @escaping @Sendable () -> PathKeyring,
        seen: @escaping @Sendable (HiccupsResponder.Seen) -> Void = { _ in }
    ) async throws -> ServiceResponder {
        let handle = ServiceResponder()
        return try await withCheckedThrowingContinuation { continuation in
            BlockingThread.start {
                do throws(ProbeError) {
                    let responder = try HiccupsResponder(services: services, slot: slot, keys: keys)
                    continuation.resume(returning: handle)
                    handle.run(responder, seen)
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    private func run(_ responder: HiccupsResponder, _ seen: (HiccupsResponder.Seen) -> Void) {
        var problem: ProbeError?
        do throws(ProbeError) { try responder.run(flag, seen: seen) } catch { problem = error }
        ended.continuation.yield(problem)
        ended.continuation.finish()
    }

    /// Ends it, within ``StopFlag/lookEvery``.
    package func stop() { flag.set() }

    /// Waits for its end, and for no longer than the task lasts.
    /// - Returns: why it could not go on; nil where it was told to stop.
    package func failure() async -> ProbeError? {
        for await problem in ended.stream { return problem }
        return nil
    }
}

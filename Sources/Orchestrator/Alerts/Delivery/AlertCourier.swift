import Inventory
import L45Model
import Logging

/// Brings the news of alerts to one sink, in their order, each at least once. How far it has come is in the CIB, so that neither an
/// outage of the sink nor an end of the orchestrator loses any of the newest `Inventory.alertNewsMax`.
struct AlertCourier: Sendable {
    let sink: AlertSink
    let inventory: Inventory
    let configuration: AlertConfiguration
    let bell: AlertBell
    let logger: Logger
    let now: @Sendable () -> Timestamp
    let nameOf: @Sendable (DeviceID) async -> String?
    /// It takes nothing, and why; nil: it does again.
    let isDown: @Sendable (String?) async -> Void

    /// Tries in a row that fail before the sink counts as down.
    static let failuresMin = 3
    private static let batch = 100

    /// Until the task is cancelled.
    func run(from standing: AlertSinkStanding) async {
        var dispatch = AlertDispatch(standing, limits: configuration.limits, severity: configuration.severity)
        var stored = standing
        // Not known: an earlier orchestrator may have found it down.
        var wasDown: Bool?
        while !Task.isCancelled {
            let rings = bell.rings
            read(&dispatch)
            let step = dispatch.next(now: now())
            store(dispatch.standing, &stored)
            switch step {
            case .wait(let until): await wait(until, rings, isIdle: dispatch.readsAfter != nil)
            case .deliver(let message):
                if let failure = await deliver(message) {
                    guard !Task.isCancelled else { return }
                    let isGivenUp = dispatch.failed(failure, jitter: Double.random(in: 0...1), now: now())
                    logger.warning(
                        isGivenUp ? "alert not taken, and given up" : "alert not delivered",
                        metadata: ["sink": "\(sink.name)", "reason": "\(failure.reason)"])
                    if dispatch.failures >= Self.failuresMin, wasDown != true {
                        wasDown = true
                        await isDown(failure.reason)
                    }
                } else {
                    dispatch.delivered(now: now())
                    if wasDown != false {
                        wasDown = false
                        await isDown(nil)
                    }
                }
                store(dispatch.standing, &stored)
            }
        }
    }

    private func deliver(_ message: AlertMessage) async -> AlertDispatch.Failure? {
        var name: String?
        if case .news(let news) = message, let device = news.alert.subject.device { name = await nameOf(device) }
        let time = now()
        return await sink.deliver(AlertDelivery(message, deviceName: name, now: time), now: time)
    }

    private func read(_ dispatch: inout AlertDispatch) {
        guard let place = dispatch.readsAfter else { return }
        do {
            let (news, first) = try inventory.alertNews(after: place, limit: Self.batch)
            dispatch.read(news, first: first)
        } catch {
            logger.error("news of alerts not read", metadata: ["sink": "\(sink.name)", "error": "\(error)"])
        }
    }

    /// After what is stored, not before: what is told twice does less harm than what is not told.
    private func store(_ standing: AlertSinkStanding, _ stored: inout AlertSinkStanding) {
        guard standing != stored else { return }
        do {
            try inventory.record(standing, of: sink.name)
            stored = standing
        } catch {
            logger.error(
                "how far alerts were delivered is not stored",
                metadata: ["sink": "\(sink.name)", "error": "\(error)"])
        }
    }

    /// Until there is news, or the time has come. One that waits to try again does not hurry for news.
    private func wait(_ until: Timestamp?, _ rings: UInt64, isIdle: Bool) async {
        let milliseconds = until.map { min(max(1, ($0 - now()).milliseconds), 60_000) } ?? 60_000
        await bell.wait(past: isIdle ? rings : .max, atMost: .milliseconds(milliseconds))
    }
}

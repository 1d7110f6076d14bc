import ControlChannel
import L45Model
import Reconciler

// How often each device reports (`state_req_window`, seed Table 2.2).
extension NetworkOrchestrator {
    /// At the shortest window of its modules, and as often as all devices do; yet at most 200 reports a second come from the whole
    /// fleet, however large: 50 s between those of one device of 10,000.
    func reportEvery(of id: DeviceID) -> Span {
        let windows = (fleet.devices[id]?.table?.modules ?? []).lazy.map(\.plan.stateRequestWindow)
        let wanted = min(configuration.reportEvery, windows.min() ?? configuration.reportEvery)
        return max(wanted, .milliseconds(Int64(sessions.count) * 5))
    }

    /// Tells a device that is connected, when it is another span than it was told.
    func tellReportEvery(_ id: DeviceID, _ session: SessionID) {
        let every = reportEvery(of: id)
        // The bound of a fleet moves with each device that comes: what was told is not told again for a little more or less.
        if let told = alerts.reportsEvery[id], told == every || (every > configuration.reportEvery && told > every) {
            return
        }
        alerts.reportsEvery[id] = every
        // Of fixed size, so that it can not be too long for a frame.
        try? server?.send(.welcome(id, reportEvery: every), to: session)
    }
}

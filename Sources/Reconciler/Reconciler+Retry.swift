package import L45Model

extension Reconciler {
    /// The standings of an intent's halted flows, let go on: from the wave that they had reached, with the time that they had
    /// at the beginning, and with all forgiven that the taps have counted until now. Empty when nothing of it is halted.
    package static func retry(_ intent: IntentName, _ snapshot: FleetSnapshot, now: Timestamp) -> [RolloutStatus] {
        let halted = snapshot.statuses.values.filter { $0.intent == intent && $0.course?.halt != nil }
        guard !halted.isEmpty else { return [] }
        let devices = standings(snapshot, now: now)
        let flows = Flow.all(of: devices, [:], resting: snapshot.resting).filter { $0.intent == intent }
        return snapshot.statuses.values.filter { $0.intent == intent }.sorted { $0.flow < $1.flow }.compactMap {
            status in
            guard var course = status.course else { return nil }
            course.halt = nil
            course.began = now
            course.soaking = nil
            if let flow = flows.first(where: { $0.name == status.flow }) {
                course.forgiven = Course.tallies(flow, devices, forgiven: []).map {
                    RolloutCourse.Forgiven(device: $0.device.id, tally: $0.tally)
                }.filter { $0.tally != RolloutCourse.Tally() }.sorted { $0.device < $1.device }
            }
            var next = status
            next.course = course
            return next
        }
    }
}

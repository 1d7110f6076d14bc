/// How far a rollout by waves has come: the part of it that plans, tables and reports do not tell.
///
/// It is stored with the flow's standing. Losing it costs time and the forgiveness of a retry, never a message.
package struct RolloutCourse: Hashable, Codable, Sendable {
    /// By our clock; later by the time that the rollout was held.
    package var began: Timestamp
    /// The wave that is under way, from 0: clients' waves, then servers'.
    package var wave: Int
    /// Waves of both ends.
    package var waves: Int
    /// Some device of this wave was not sending the edition when the wave began.
    package var moved: Bool
    /// Every device of the wave confirmed that it sends; nil: not yet.
    package var soaking: Timestamp?
    /// Paused or braked since.
    package var held: Timestamp?
    package var halt: Halt?
    /// What the taps had counted when the operator asked for another try. Sorted by device.
    package var forgiven: [Forgiven]

    /// Why the rollout goes no further until the operator says so.
    package struct Halt: Hashable, Codable, Sendable {
        package enum Cause: String, Hashable, Codable, Sendable {
            case errorBudget = "ErrorBudget"
            case deadline = "DeadlineExceeded"
        }
        package var cause: Cause
        /// In words, with the numbers and the devices.
        package var reason: String
        package var at: Timestamp
        package init(cause: Cause, reason: String, at: Timestamp) {
            self.cause = cause
            self.reason = reason
            self.at = at
        }
    }

    /// Counts of one device against the edition.
    package struct Tally: Hashable, Codable, Sendable {
        package var undecoded: UInt64
        package var dropped: UInt64
        package var plain: UInt64
        package init(undecoded: UInt64 = 0, dropped: UInt64 = 0, plain: UInt64 = 0) {
            self.undecoded = undecoded
            self.dropped = dropped
            self.plain = plain
        }

        package subscript(kind: RolloutStrategy.Budget.Kind) -> UInt64 {
            switch kind {
            case .undecoded: undecoded
            case .dropped: dropped
            case .plain: plain
            }
        }
    }

    package struct Forgiven: Hashable, Codable, Sendable {
        package var device: DeviceID
        package var tally: Tally
        package init(device: DeviceID, tally: Tally) {
            self.device = device
            self.tally = tally
        }
    }

    package init(began: Timestamp, waves: Int) {
        self.began = began
        wave = 0
        self.waves = waves
        moved = false
        soaking = nil
        held = nil
        halt = nil
        forgiven = []
    }
}

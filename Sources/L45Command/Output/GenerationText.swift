import L45Model

/// The table that is in force on a device, and the one that was decided for it.
enum GenerationText {
    /// `7`, or `6, wants 7` while its device is not there yet; nil: an earlier release does not say.
    static func cell(_ confirmed: Generation?, _ decided: Generation?) -> Cell? {
        guard let confirmed, let decided else { return nil }
        return confirmed == decided ? Cell("\(confirmed)") : Cell("\(confirmed), wants \(decided)", .warning)
    }
}

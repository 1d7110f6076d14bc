package import L45Model

/// The bounds of the security check.
package struct CheckPolicy: Hashable, Sendable {
    /// Every module is challenged at least this often, whatever `sec_check_window` its intent gives; nil: as that says.
    package var windowMax: Span?
    /// A challenge that is not answered for this long is given up, and another one sent.
    package var silence: Span
    /// As many in a row, and the module has failed.
    package var silencesMax: Int
    /// Lines that end with a challenge under way, in a row, and the module has failed: a device that hangs up whenever it is
    /// asked.
    package var lossesMax: Int
    /// Challenges that one step sends at most.
    package var atOnceMax: Int

    package init(
        windowMax: Span? = nil, silence: Span = .seconds(5), silencesMax: Int = 3, lossesMax: Int = 10,
        atOnceMax: Int = 256
    ) {
        self.windowMax = windowMax
        self.silence = silence
        self.silencesMax = silencesMax
        self.lossesMax = lossesMax
        self.atOnceMax = atOnceMax
    }
}

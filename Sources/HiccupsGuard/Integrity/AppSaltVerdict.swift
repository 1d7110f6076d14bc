/// What became of a SYN under ``AppSalt``, as the far end tells once it has the application data.
///
/// The seed leaves open how the initiator learns of it: there, the responder's application asks its socket. A probe's far end has no
/// application, so it answers the data by one line: "HICCUPS AppSalt 110", a digit for each carrier whose fragment matches.
package enum AppSaltVerdict: String, Hashable, Sendable {
    /// Two fragments match: all but addresses and ports is as it was sent, and nobody could recompute it on the way.
    case intact
    case changed
    /// The far end does not say: it knows no AppSalt, or the data or its line were lost.
    case untold

    private static let word = Array("HICCUPS AppSalt ".utf8)

    /// The far end's line.
    static func line(_ matches: PerCarrier<Bool>) -> [UInt8] {
        word + [matches.isn, matches.ipid, matches.window].map { $0 ? 0x31 : 0x30 } + [0x0a]
    }

    init(line: [UInt8]) {
        guard line.count >= Self.word.count + 3, Array(line.prefix(Self.word.count)) == Self.word else {
            self = .untold
            return
        }
        let digits = line[Self.word.count..<Self.word.count + 3]
        guard digits.allSatisfy({ $0 == 0x30 || $0 == 0x31 }) else {
            self = .untold
            return
        }
        self = digits.count { $0 == 0x31 } >= 2 ? .intact : .changed
    }
}

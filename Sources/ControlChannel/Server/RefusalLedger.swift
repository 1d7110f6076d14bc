import NIOCore

/// Decides which refusals are told, so that whoever knocks ten thousand times fills neither log nor trail: the first of a kind
/// from an address at once, those that follow as a number once a minute. Pure.
struct RefusalLedger {
    struct Key: Hashable {
        let address: String
        let code: ChannelRefusal.Code
    }

    private struct Line {
        var toldAt: NIODeadline
        var since = 0
    }

    static let tellEvery = TimeAmount.minutes(1)
    /// Addresses that are told apart at a time; of further ones only the number is.
    static let most = 1024
    /// Stands for all addresses past `most`.
    static let others = "others"

    private var lines: [Key: Line] = [:]

    /// - Returns: how many there were since it was told last, this one with them; nil: tell nothing now.
    mutating func count(_ address: String, _ code: ChannelRefusal.Code, now: NIODeadline) -> (Key, Int)? {
        var key = Key(address: address, code: code)
        if lines[key] == nil, lines.count >= Self.most {
            lines = lines.filter { now - $0.value.toldAt < Self.tellEvery || $0.value.since > 0 }
            if lines.count >= Self.most { key = Key(address: Self.others, code: code) }
        }
        guard var line = lines[key] else {
            lines[key] = Line(toldAt: now)
            return (key, 1)
        }
        line.since += 1
        guard now - line.toldAt >= Self.tellEvery else {
            lines[key] = line
            return nil
        }
        lines[key] = Line(toldAt: now)
        return (key, line.since)
    }
}

import L45Model

/// Whether two selectors can mean one socket, and whether one means all that the other does.
enum Overlap {
    static func overlap(_ a: Application, _ b: Application) -> Bool {
        overlap(a.process, b.process) && overlap(a.thread, b.thread)
    }

    /// Whether `wide` means every program that `narrow` does.
    static func covers(_ wide: Application, _ narrow: Application) -> Bool {
        covers(wide.process, narrow.process) && covers(wide.thread, narrow.thread)
    }

    /// Whether one name can match both patterns.
    private static func overlap(_ a: String?, _ b: String?) -> Bool {
        guard let a, let b else { return true }
        switch (a.hasSuffix("*"), b.hasSuffix("*")) {
        case (false, false): return a == b
        case (true, false): return b.hasPrefix(a.dropLast())
        case (false, true): return a.hasPrefix(b.dropLast())
        case (true, true): return a.dropLast().hasPrefix(b.dropLast()) || b.dropLast().hasPrefix(a.dropLast())
        }
    }

    private static func covers(_ wide: String?, _ narrow: String?) -> Bool {
        guard let wide else { return true }
        guard let narrow else { return false }
        return wide.hasSuffix("*") ? narrow.hasPrefix(wide.dropLast()) : wide == narrow
    }

    /// Blocks of peers; empty: any peer.
    static func covers(_ wide: [AddressBlock], _ narrow: [AddressBlock]) -> Bool {
        guard !wide.isEmpty else { return true }
        guard !narrow.isEmpty else { return false }
        let exact = Set(wide)
        return narrow.allSatisfy { block in exact.contains(block) || wide.contains { $0.contains(block) } }
    }

    /// Blocks of peers; empty: any peer.
    static func overlap(_ a: [AddressBlock], _ b: [AddressBlock]) -> Bool {
        if a.isEmpty || b.isEmpty || !Set(a).isDisjoint(with: b) { return true }
        return a.contains { block in b.contains { block.overlaps($0) } }
    }

    /// Whether one socket of one device can match both. A port that is not given is any.
    static func overlap(_ a: TapSocket, _ b: TapSocket) -> Bool {
        guard a.transport == b.transport, overlap(a.application, b.application), overlap(a.local, b.local) else {
            return false
        }
        if a.remotes.isEmpty || b.remotes.isEmpty { return true }
        return a.remotes.contains { mine in b.remotes.contains { overlap(mine, $0) } }
    }

    private static func overlap(_ a: EndpointPattern, _ b: EndpointPattern) -> Bool {
        if let first = a.port, let second = b.port, first != second { return false }
        guard let first = a.block, let second = b.block else { return true }
        return first.overlaps(second)
    }
}

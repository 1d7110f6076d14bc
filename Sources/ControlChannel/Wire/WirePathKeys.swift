import Foundation
import L45Model

extension WirePathKeys {
    init(_ keys: PathKeys) {
        device = keys.device.rawValue
        tag = keys.tag
        nowMs = keys.sentAt.rawValue
        entries = keys.entries.map(WirePathKeyEntry.init)
    }

    func value() throws(WireError) -> PathKeys {
        var found: [PathKeyEntry] = []
        for (at, entry) in try WireCheck.list(entries, "entries", max: PathKeys.entriesMax).enumerated() {
            found.append(try WireError.at("entries[\(at)]") { () throws(WireError) in try entry.value() })
        }
        return PathKeys(
            device: try WireCheck.device(device), tag: try Self.tag(tag),
            sentAt: try WireCheck.timestamp(nowMs, "now_ms"), entries: found)
    }

    static func tag(_ text: String) throws(WireError) -> String {
        guard text.isEmpty || Hex.bytes(text)?.count == PathKeys.tagBytes else {
            throw WireError(
                "tag", "\(text.utf8.count) bytes where \(2 * PathKeys.tagBytes) hex digits, or none, are allowed")
        }
        return text
    }
}

extension WirePathKeyEntry {
    init(_ entry: PathKeyEntry) {
        path = entry.path.rawValue
        opener = entry.opener.rawValue
        opens = entry.opens
        sources = entry.sources.map(\.description)
        probe = entry.probe.description
        port = UInt32(entry.port)
        keys = entry.keys.map { key in
            var each = WirePathKey()
            each.epoch = key.epoch
            each.secret = Data(key.secret.bytes)
            return each
        }
        whyPlain = entry.whyPlain
    }

    func value() throws(WireError) -> PathKeyEntry {
        var found: [EpochKey] = []
        for (at, key) in try WireCheck.list(keys, "keys", max: opens ? 1 : PathKeys.keysMax).enumerated() {
            found.append(
                try WireError.at("keys[\(at)]") { () throws(WireError) in
                    guard key.secret.count == PathKeySchedule.keyBytes else {
                        throw WireError(
                            "secret", "\(key.secret.count) bytes where \(PathKeySchedule.keyBytes) are a key")
                    }
                    return EpochKey(
                        epoch: try WireCheck.counter(key.epoch, "epoch"), secret: Secret(Array(key.secret)))
                })
        }
        try WireCheck.distinctEpochs(found)
        return PathKeyEntry(
            path: try WirePathPlan.name(path, "path"), opener: try WireCheck.device(opener, "opener"), opens: opens,
            sources: try WireAcceptedGates.blocks(sources, "sources"), probe: try WireEndpoint.block(probe, "probe"),
            port: try WirePathPlan.port(port, "port"), keys: found, whyPlain: WireCheck.prose(whyPlain, max: 1024))
    }
}

extension WireCheck {
    fileprivate static func distinctEpochs(_ keys: [EpochKey]) throws(WireError) {
        guard Set(keys.map(\.epoch)).count == keys.count else { throw WireError("keys", "an epoch stands in it twice") }
    }
}

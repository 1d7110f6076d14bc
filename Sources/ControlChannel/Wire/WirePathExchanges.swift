import Foundation
import L45Model

extension WirePathExchanges {
    init(_ exchanges: PathExchanges) {
        sent = exchanges.sent.map(WirePathExchange.init)
        arrived = exchanges.arrived.map(WirePathExchange.init)
        leftOut = exchanges.leftOut
    }

    func value() throws(WireError) -> PathExchanges {
        PathExchanges(
            sent: try Self.list(sent, "sent"), arrived: try Self.list(arrived, "arrived"),
            leftOut: try WireCheck.counter(leftOut, "left_out"))
    }

    private static func list(_ list: [WirePathExchange], _ field: String) throws(WireError) -> [PathExchange] {
        var found: [PathExchange] = []
        for (at, each) in try WireCheck.list(list, field, max: PathExchanges.listMax).enumerated() {
            found.append(try WireError.at("\(field)[\(at)]") { () throws(WireError) in try each.value() })
        }
        return found
    }
}

extension WirePathExchange {
    init(_ exchange: PathExchange) {
        path = exchange.path.rawValue
        opener = exchange.opener.rawValue
        atMs = exchange.at.rawValue
        syn = Data(exchange.syn)
        if let bits = exchange.status { status = UInt32(bits) }
        if let number = exchange.epoch { epoch = number }
    }

    func value() throws(WireError) -> PathExchange {
        guard syn.count <= PathExchange.synBytesMax else {
            throw WireError("syn", "\(syn.count) bytes where \(PathExchange.synBytesMax) are allowed")
        }
        guard !hasStatus || status < 8 else { throw WireError("status", "\(status) where 0 to 7 are allowed") }
        return PathExchange(
            path: try WirePathPlan.name(path, "path"), opener: try WireCheck.device(opener, "opener"),
            at: try WireCheck.timestamp(atMs, "at_ms"), syn: Array(syn),
            status: hasStatus ? UInt8(truncatingIfNeeded: status) : nil,
            epoch: hasEpoch ? try WireCheck.counter(epoch, "epoch") : nil)
    }
}

extension WirePathIntegrity {
    init(_ integrity: PathIntegrity) {
        switch integrity.kind {
        case .plain: kind = .plain
        case .keyed: kind = .keyed
        case .unproven: kind = .unproven
        case .forged: kind = .forged
        }
        if let number = integrity.epoch { epoch = number }
        reason = integrity.reason
        sinceMs = integrity.since.rawValue
    }

    func value() throws(WireError) -> PathIntegrity {
        let word: PathIntegrity.Kind
        switch kind {
        case .plain: word = .plain
        case .keyed: word = .keyed
        case .unproven: word = .unproven
        case .forged: word = .forged
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown("kind", kind.rawValue)
        }
        return PathIntegrity(
            word, epoch: hasEpoch ? try WireCheck.counter(epoch, "epoch") : nil,
            reason: WireCheck.prose(reason, max: WireDeviceReport.problemBytesMax),
            since: try WireCheck.timestamp(sinceMs, "since_ms"))
    }
}

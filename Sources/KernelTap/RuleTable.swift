import CL45Core
package import CL45Tap
import Foundation
package import L45Model

/// A device's table as the preload tap wants it: one rule per module and remote. Pure.
package enum RuleTable {
    /// Ranks that a plan may give, so that one that only listens can be put below them all.
    package static let priorities = -1_000_000...1_000_000
    /// What is taken off the rank of a module that does not send: more than the width of `priorities`.
    package static let listenerHandicap: Int32 = 4_000_000
    /// The longest that a message may be held back: 10 s.
    package static let delayMicrosecondsMax = 10_000_000

    /// - Throws: `TapError.tooManyRules` past L45_TAP_RULES_MAX, `TapError.unfit` for a field that is out of its bounds.
    package static func rules(of table: DeviceTable) throws(TapError) -> [l45_tap_rule] {
        let count = table.modules.reduce(0) { $0 + max(1, $1.plan.tapSocket.remotes.count) }
        guard count <= Int(L45_TAP_RULES_MAX) else {
            throw .tooManyRules(count: count, modules: table.modules.count, max: Int(L45_TAP_RULES_MAX))
        }
        var rules: [l45_tap_rule] = []
        rules.reserveCapacity(count)
        for entry in table.modules {
            var rule = try rule(of: entry)
            let remotes = entry.plan.tapSocket.remotes
            for remote in remotes.isEmpty ? [.any] : remotes {
                rule.remote = endpoint(remote)
                rules.append(rule)
            }
        }
        return rules
    }

    /// Editions of one dialect share it: the tap may then pass a stream from one to the next.
    package static func group(intent: IntentName, flow: FlowName) -> UInt64 {
        let digest = Digest(of: Array("\(intent)\0\(flow)".utf8))
        return UInt64(digest.hex.prefix(16), radix: 16) ?? 0
    }

    /// The module's rule, but for the remote.
    private static func rule(of entry: ModuleEntry) throws(TapError) -> l45_tap_rule {
        let plan = entry.plan
        func require(_ holds: Bool, _ reason: @autoclosure () -> String) throws(TapError) {
            if !holds { throw TapError.unfit(plan.id, reason: reason()) }
        }
        try require(plan.id.rawValue != 0, "0 is no module id: it marks a free place")
        try require(
            priorities.contains(plan.priority),
            "its priority \(plan.priority) is outside \(priorities.lowerBound) to \(priorities.upperBound)")
        try require(
            (0...delayMicrosecondsMax).contains(plan.delayMicroseconds),
            "its delay of \(plan.delayMicroseconds) µs is outside 0 to \(delayMicrosecondsMax)")
        try require(
            plan.dialectSecret.bytes.count == Int(L45_SECRET_BYTES),
            "its dialect secret has \(plan.dialectSecret.bytes.count) bytes, \(L45_SECRET_BYTES) are needed")
        let nameBytesMax = Int(L45_TAP_NAME_BYTES) - 1
        for (what, name) in [
            ("process", plan.tapSocket.application.process), ("thread", plan.tapSocket.application.thread),
        ] {
            try require(
                (name ?? "").utf8.count <= nameBytesMax,
                "the \(what) name '\(name ?? "")' has \((name ?? "").utf8.count) bytes, the kernel keeps \(nameBytesMax); "
                    + "cut it to \(nameBytesMax), or end it in '*' sooner")
        }

        var rule = l45_tap_rule()
        rule.mod_id = plan.id.rawValue
        rule.group = group(intent: plan.intent, flow: plan.flow)
        rule.priority = Int32(plan.priority) - (entry.state == .active ? 0 : listenerHandicap)
        rule.flags = flags(of: entry)
        rule.state = UInt8(state(entry.state).rawValue)
        rule.protocol = UInt8(plan.tapSocket.transport == .tcp ? IPPROTO_TCP : IPPROTO_UDP)
        rule.delay_us = UInt32(plan.delayMicroseconds)
        fill(&rule.process, with: (plan.tapSocket.application.process ?? "").utf8)
        fill(&rule.thread, with: (plan.tapSocket.application.thread ?? "").utf8)
        rule.local = endpoint(plan.tapSocket.local)
        rule.dialect = try dialect(of: plan)
        return rule
    }

    private static func flags(of entry: ModuleEntry) -> UInt32 {
        var flags: UInt32 = 0
        if entry.plan.role == .server { flags |= L45_TAP_SERVER.rawValue }
        if entry.plan.directions.request { flags |= L45_TAP_REQUESTS.rawValue }
        if entry.plan.directions.response { flags |= L45_TAP_RESPONSES.rawValue }
        if entry.enforcing { flags |= L45_TAP_ENFORCE.rawValue }
        if entry.plan.attach == .new { flags |= L45_TAP_NEW_SOCKETS_ONLY.rawValue }
        return flags
    }

    private static func state(_ state: ModuleState) -> l45_tap_state {
        switch state {
        case .deactivated: L45_TAP_DEACTIVATED
        case .standby: L45_TAP_STANDBY
        case .active: L45_TAP_ACTIVE
        case .deprecated: L45_TAP_DEPRECATED
        }
    }

    private static func endpoint(_ pattern: EndpointPattern) -> l45_tap_endpoint {
        var endpoint = l45_tap_endpoint()
        if let block = pattern.block {
            fill(&endpoint.address, with: block.bytes)
            endpoint.prefix_bits = UInt8(block.prefixBits)
        }
        endpoint.port = pattern.port ?? 0
        return endpoint
    }

    private static func dialect(of plan: ModulePlan) throws(TapError) -> l45_dialect {
        func require(_ holds: Bool, _ reason: @autoclosure () -> String) throws(TapError) {
            if !holds { throw TapError.unfit(plan.id, reason: reason()) }
        }
        var dialect = l45_dialect()
        dialect.epoch = plan.epoch.rawValue
        fill(&dialect.secret, with: plan.dialectSecret.bytes)
        let transport = plan.tapSocket.transport
        let label: String
        switch plan.dialect {
        case .monitor:
            dialect.kind = UInt8(L45_MONITOR.rawValue)
            return dialect
        case .datagram(let tag):
            try require(transport == .udp, "a datagram tag can not go on \(transport.rawValue); declare a stream tag")
            dialect.kind = UInt8(L45_DATAGRAM.rawValue)
            switch tag.place {
            case .front: dialect.place = UInt8(L45_AT_FRONT.rawValue)
            case .end: dialect.place = UInt8(L45_AT_END.rawValue)
            case .offset(let bytes):
                try require(
                    (0...DialectBounds.offsetMax).contains(bytes),
                    "its tag stands at offset \(bytes), outside 0 to \(DialectBounds.offsetMax)")
                dialect.place = UInt8(L45_AT_OFFSET.rawValue)
                dialect.offset = UInt16(bytes)
            }
            label = tag.label
        case .stream(let tag):
            try require(transport == .tcp, "a stream tag can not go on \(transport.rawValue); declare a datagram tag")
            try require(
                (DialectBounds.frameBytesMin...DialectBounds.frameBytesMax).contains(tag.frameBytes),
                "its frames of \(tag.frameBytes) bytes are outside \(DialectBounds.frameBytesMin) to "
                    + "\(DialectBounds.frameBytesMax)")
            dialect.kind = UInt8(L45_STREAM.rawValue)
            dialect.frame_bytes = UInt32(tag.frameBytes)
            label = tag.label
        }
        let tagBytes = plan.dialect.tagBytes
        try require(
            (DialectBounds.tagBytesMin...DialectBounds.tagBytesMax).contains(tagBytes),
            "its tag of \(tagBytes) bytes is outside \(DialectBounds.tagBytesMin) to \(DialectBounds.tagBytesMax)")
        dialect.tag_bytes = UInt8(tagBytes)
        let room = label.utf8.prefix(tagBytes - DialectBounds.tagBytesMin)
        dialect.label_bytes = UInt8(room.count)
        fill(&dialect.label, with: room)
        return dialect
    }

    /// Copies into a C array; what does not fit was refused before, the rest stays zero.
    private static func fill<Field, Bytes: Sequence>(_ field: inout Field, with bytes: Bytes)
    where Bytes.Element == UInt8 {
        withUnsafeMutableBytes(of: &field) { raw in
            for (place, byte) in zip(raw.indices, bytes) { raw[place] = byte }
        }
    }
}

import CL45Core
import CL45Tap
import Foundation
import L45Model

/// One module in the terms that every tap understands: checked, and in the numbers of the C contracts. Pure.
struct ModuleRule {
    /// Ranks that a plan may give.
    static let priorities = -1_000_000...1_000_000
    /// The longest that a message may be held back: 10 s.
    static let delayMicrosecondsMax = 10_000_000

    let id: ModuleID
    /// Editions of one dialect share it: the tap may then pass a stream from one to the next.
    let group: UInt64
    /// The plan's own rank, within `priorities`.
    let priority: Int32
    let state: ModuleState
    /// enum l45_tap_rule_flags, enum l45_module_flags: the same numbers.
    let flags: UInt32
    /// 6 or 17.
    let transportNumber: UInt8
    let delayMicroseconds: UInt32
    /// At most 15 bytes; empty any; a trailing `*` any ending.
    let process: String
    let thread: String
    let local: EndpointPattern
    /// Empty: any peer.
    let remotes: [EndpointPattern]
    /// One that `l45_codec_prepare` takes.
    let dialect: l45_dialect

    /// - Throws: `TapError.unfit` for a field that is out of its bounds.
    init(_ entry: ModuleEntry) throws(TapError) {
        let plan = entry.plan
        func require(_ holds: Bool, _ reason: @autoclosure () -> String) throws(TapError) {
            if !holds { throw TapError.unfit(plan.id, reason: reason()) }
        }
        try require(plan.id.rawValue != 0, "0 is no module id: it marks a free place")
        try require(
            Self.priorities.contains(plan.priority),
            "its priority \(plan.priority) is outside \(Self.priorities.lowerBound) to \(Self.priorities.upperBound)")
        try require(
            (0...Self.delayMicrosecondsMax).contains(plan.delayMicroseconds),
            "its delay of \(plan.delayMicroseconds) µs is outside 0 to \(Self.delayMicrosecondsMax)")
        try require(
            plan.dialectSecret.bytes.count == Int(L45_SECRET_BYTES),
            "its dialect secret has \(plan.dialectSecret.bytes.count) bytes, \(L45_SECRET_BYTES) are needed")
        let application = plan.tapSocket.application
        let nameBytesMax = Int(L45_TAP_NAME_BYTES) - 1
        for (what, name) in [("process", application.process ?? ""), ("thread", application.thread ?? "")] {
            try require(
                name.utf8.count <= nameBytesMax,
                "the \(what) name '\(name)' has \(name.utf8.count) bytes, the kernel keeps \(nameBytesMax); "
                    + "cut it to \(nameBytesMax), or end it in '*' sooner")
            try require(!name.utf8.contains(0), "the \(what) name has a zero byte in it")
        }

        id = plan.id
        group = Self.group(intent: plan.intent, flow: plan.flow)
        priority = Int32(plan.priority)
        state = entry.state
        flags = Self.flags(of: entry)
        transportNumber = UInt8(plan.tapSocket.transport == .tcp ? IPPROTO_TCP : IPPROTO_UDP)
        delayMicroseconds = UInt32(plan.delayMicroseconds)
        process = application.process ?? ""
        thread = application.thread ?? ""
        local = plan.tapSocket.local
        remotes = plan.tapSocket.remotes
        dialect = try l45_dialect.make(plan)
    }

    static func group(intent: IntentName, flow: FlowName) -> UInt64 {
        let digest = Digest(of: Array("\(intent)\0\(flow)".utf8))
        return UInt64(digest.hex.prefix(16), radix: 16) ?? 0
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
}

extension ModuleState {
    /// enum l45_tap_state, enum l45_module_state: the same numbers.
    var number: UInt8 {
        switch self {
        case .deactivated: UInt8(L45_TAP_DEACTIVATED.rawValue)
        case .standby: UInt8(L45_TAP_STANDBY.rawValue)
        case .active: UInt8(L45_TAP_ACTIVE.rawValue)
        case .deprecated: UInt8(L45_TAP_DEPRECATED.rawValue)
        }
    }

    init?(number: UInt8) {
        guard let state = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = state
    }
}

extension l45_dialect {
    /// - Throws: `TapError.unfit` for a field that is out of its bounds.
    fileprivate static func make(_ plan: ModulePlan) throws(TapError) -> l45_dialect {
        func require(_ holds: Bool, _ reason: @autoclosure () -> String) throws(TapError) {
            if !holds { throw TapError.unfit(plan.id, reason: reason()) }
        }
        var dialect = l45_dialect()
        dialect.epoch = plan.epoch.rawValue
        CArray.fill(&dialect.secret, with: plan.dialectSecret.bytes)
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
            switch tag.coding {
            case .asItIs: dialect.coding = UInt8(L45_AS_IT_IS.rawValue)
            case .masked: dialect.coding = UInt8(L45_MASKED.rawValue)
            case .shortDNS: dialect.coding = UInt8(L45_SHORT_DNS.rawValue)
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
            switch tag.start {
            case .firstByte: dialect.start = UInt8(L45_FROM_FIRST_BYTE.rawValue)
            case .afterTLSHandshake: dialect.start = UInt8(L45_AFTER_TLS_HANDSHAKE.rawValue)
            }
            label = tag.label
        }
        let tagBytes = plan.dialect.tagBytes
        try require(
            (DialectBounds.tagBytesMin...DialectBounds.tagBytesMax).contains(tagBytes),
            "its tag of \(tagBytes) bytes is outside \(DialectBounds.tagBytesMin) to \(DialectBounds.tagBytesMax)")
        dialect.tag_bytes = UInt8(tagBytes)
        let room = label.utf8.prefix(tagBytes - DialectBounds.tagBytesMin)
        dialect.label_bytes = UInt8(room.count)
        CArray.fill(&dialect.label, with: room)
        return dialect
    }
}

enum CArray {
    /// Copies into a C array; what does not fit is refused before, the rest stays zero.
    static func fill<Field, Bytes: Sequence>(_ field: inout Field, with bytes: Bytes)
    where Bytes.Element == UInt8 {
        withUnsafeMutableBytes(of: &field) { raw in
            for (place, byte) in zip(raw.indices, bytes) { raw[place] = byte }
        }
    }
}

import L45Model
import NIOCore
import SwiftProtobuf

/// What came from an agent, checked.
enum AgentInbound: Hashable {
    case hello(AgentHello, protocols: ClosedRange<UInt32>)
    case enrol(WireEnrol, protocols: ClosedRange<UInt32>)
    case renew(signingRequest: [UInt8])
    case message(AgentMessage)
    /// Answers `areYouThere` of this number.
    case here(UInt64)
    case ping
    /// Of a newer agent: ignored.
    case unknown
}

extension WireAgentFrame {
    init(_ message: AgentMessage) {
        switch message {
        case .hello(let value): hello = WireHello(value, protocols: ChannelProtocol.versions)
        case .report(let value): report = WireDeviceReport(value)
        case .refused(let generation, let reason):
            refused.generation = generation.rawValue
            refused.reason = reason
        case .artifactWanted(let reference, let offset):
            artifactWanted.artifact = WireArtifactReference(reference)
            artifactWanted.offset = Int64(offset)
        case .event(let value): event = WireEvent(value)
        case .paths(let value): paths = WirePathReport(value)
        case .pathKeysHeld(let tag): pathKeysHeld.tag = tag
        case .pathExchanges(let value): pathExchanges = WirePathExchanges(value)
        case .moduleAnswer(let value): moduleAnswer = WireModuleAnswer(value)
        case .trustHeld(let fingerprints): trustHeld.fingerprints = fingerprints.map(\.hex)
        }
    }

    /// - Throws: `frameMalformed`, naming the field.
    static func decode(_ payload: ByteBuffer) throws(ChannelRefusal) -> AgentInbound {
        try WireDecoding.decode(payload, as: WireAgentFrame.self) { frame throws(WireError) in try frame.value() }
    }

    private func value() throws(WireError) -> AgentInbound {
        switch body {
        case .hello(let hello):
            .hello(
                try WireError.at("hello") { () throws(WireError) in try hello.value() },
                protocols: WireHello.protocols(hello.protocolMin, hello.protocolMax))
        case .report(let report):
            .message(.report(try WireError.at("report") { () throws(WireError) in try report.value() }))
        case .refused(let refused):
            .message(
                .refused(
                    try WireError.at("refused") { () throws(WireError) in
                        try WireCheck.generation(refused.generation)
                    }, reason: WireCheck.prose(refused.reason, max: 4096)))
        case .artifactWanted(let wanted):
            try WireError.at("artifact_wanted") { () throws(WireError) in
                let reference = try wanted.artifact.value()
                let offset = try WireCheck.count(wanted.offset, "offset", in: 0...Int64(reference.bytes))
                return .message(.artifactWanted(reference, offset: offset))
            }
        case .event(let event):
            .message(.event(try WireError.at("event") { () throws(WireError) in try event.value() }))
        case .enrol(let enrol):
            .enrol(enrol, protocols: WireHello.protocols(enrol.protocolMin, enrol.protocolMax))
        case .renew(let renew): .renew(signingRequest: Array(renew.signingRequest))
        case .paths(let report):
            .message(.paths(try WireError.at("paths") { () throws(WireError) in try report.value() }))
        case .pathKeysHeld(let held):
            .message(
                .pathKeysHeld(
                    tag: try WireError.at("path_keys_held") { () throws(WireError) in try WirePathKeys.tag(held.tag) }))
        case .pathExchanges(let exchanges):
            .message(
                .pathExchanges(
                    try WireError.at("path_exchanges") { () throws(WireError) in try exchanges.value() }))
        case .moduleAnswer(let answer):
            .message(
                .moduleAnswer(try WireError.at("module_answer") { () throws(WireError) in try answer.value() }))
        case .here(let here): .here(here.nonce)
        case .trustHeld(let held):
            .message(
                .trustHeld(
                    try WireError.at("trust_held") { () throws(WireError) in
                        try WireTrust.fingerprints(held.fingerprints, "fingerprints")
                    }))
        case .ping: .ping
        case nil: .unknown
        }
    }
}

/// What both directions have in common.
enum WireDecoding {
    static func decode<Frame: SwiftProtobuf.Message, Value>(
        _ payload: ByteBuffer, as: Frame.Type, keepingUnknownFields: Bool = false,
        _ value: (Frame) throws(WireError) -> Value
    ) throws(ChannelRefusal) -> Value {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = !keepingUnknownFields
        let frame: Frame
        do {
            frame = try Frame(serializedBytes: Array(payload.readableBytesView), options: options)
        } catch {
            throw ChannelRefusal(
                .frameMalformed, "a frame of \(payload.readableBytes) bytes is no message of this protocol (\(error))")
        }
        do {
            return try value(frame)
        } catch {
            throw ChannelRefusal(.frameMalformed, "a message says something impossible: \(error)")
        }
    }
}

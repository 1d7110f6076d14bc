import Foundation
import L45Model
import NIOCore

/// What came from an orchestrator, checked.
enum OrchestratorInbound: Hashable {
    case accepted(UInt32)
    case message(OrchestratorMessage)
    /// A table that says something impossible: the orchestrator is told, and the connection goes on.
    case tableInvalid(Generation, why: String)
    case granted(EnrolmentGrant)
    case renewalRefused(ChannelRefusal)
    /// Answer with the same number.
    case areYouThere(UInt64)
    /// The connection ends.
    case refusal(ChannelRefusal)
    case ping
    /// Of a newer orchestrator: ignored.
    case unknown
}

extension WireOrchestratorFrame {
    init(_ message: OrchestratorMessage) {
        switch message {
        case .welcome(let device, let reportEvery):
            welcome.device = device.rawValue
            welcome.reportEveryMs = reportEvery.milliseconds
        case .set(let table): set = WireDeviceTable(table)
        case .reportWanted: reportWanted = WireReportWanted()
        case .artifactChunk(let reference, let offset, let bytes):
            artifactChunk.artifact = WireArtifactReference(reference)
            artifactChunk.offset = Int64(offset)
            artifactChunk.content = Data(bytes.readableBytesView)
        case .artifactMissing(let reference): artifactMissing.artifact = WireArtifactReference(reference)
        case .setPaths(let table): setPaths = WirePathTable(table)
        case .pathsInvalid: break
        case .farGatesHeld(let path, let gates):
            farGatesHeld.path = path.rawValue
            farGatesHeld.gates = gates.map(WirePathGate.init)
        case .pathKeys(let keys): pathKeys = WirePathKeys(keys)
        case .challenge(let value): challenge = WireModuleChallenge(value)
        case .trust(let authorities, let renew):
            trust.authorityPem = authorities
            trust.renew = renew
        }
    }

    init(accepted version: UInt32) { accepted.protocol = version }
    init(granted grant: EnrolmentGrant) {
        granted.certificatePem = grant.certificatePEM
        granted.authorityPem = grant.authorityPEM
        granted.furtherAuthorityPem = grant.furtherAuthorityPEMs
    }
    init(areYouThere nonce: UInt64) { areYouThere.nonce = nonce }
    init(refusal: ChannelRefusal) { self.refusal = WireRefusal(refusal) }
    init(renewalRefused refusal: ChannelRefusal) { renewalRefused = WireRenewalRefused(refusal) }

    /// - Throws: `frameMalformed`, naming the field.
    static func decode(_ payload: ByteBuffer) throws(ChannelRefusal) -> OrchestratorInbound {
        try WireDecoding.decode(payload, as: WireOrchestratorFrame.self) { frame throws(WireError) in
            try frame.value()
        }
    }

    /// The same, with the signature, and with what it has to be of where that is no table: fields that are not known here
    /// included.
    static func decodeSigned(
        _ payload: ByteBuffer
    ) throws(ChannelRefusal) -> (inbound: OrchestratorInbound, body: SignedBody?, signature: TableSignature?) {
        try WireDecoding.decode(payload, as: WireOrchestratorFrame.self, keepingUnknownFields: true) {
            frame throws(WireError) in
            let inbound = try frame.value()
            do { return (inbound, try SignedBody(frame), frame.signature) } catch {
                throw WireError("body", "it cannot be written as it came: \(error)")
            }
        }
    }

    private func value() throws(WireError) -> OrchestratorInbound {
        switch body {
        case .welcome(let welcome):
            try WireError.at("welcome") { () throws(WireError) in
                .message(
                    .welcome(
                        try WireCheck.device(welcome.device),
                        reportEvery: try WireCheck.span(welcome.reportEveryMs, "report_every_ms")))
            }
        case .set(let table): try Self.table(table)
        case .reportWanted: .message(.reportWanted)
        case .artifactChunk(let chunk):
            try WireError.at("artifact_chunk") { () throws(WireError) in .message(try chunk.value()) }
        case .artifactMissing(let missing):
            try WireError.at("artifact_missing") { () throws(WireError) in
                .message(.artifactMissing(try missing.artifact.value()))
            }
        case .setPaths(let table): try Self.paths(table)
        case .farGatesHeld(let held):
            try WireError.at("far_gates_held") { () throws(WireError) in
                .message(
                    .farGatesHeld(
                        try WirePathPlan.name(held.path, "path"), try WirePathGate.list(held.gates, "gates")))
            }
        case .pathKeys(let keys):
            .message(.pathKeys(try WireError.at("path_keys") { () throws(WireError) in try keys.value() }))
        case .challenge(let challenge):
            .message(.challenge(try WireError.at("challenge") { () throws(WireError) in try challenge.value() }))
        case .ping: .ping
        case .granted(let grant):
            .granted(
                EnrolmentGrant(
                    certificatePEM: grant.certificatePem, authorityPEM: grant.authorityPem,
                    furtherAuthorityPEMs: try WireError.at("granted") { () throws(WireError) in
                        try WireCheck.list(grant.furtherAuthorityPem, "further_authority_pem", max: WireTrust.most)
                    }))
        case .areYouThere(let question): .areYouThere(question.nonce)
        case .trust(let trust):
            .message(try WireError.at("trust") { () throws(WireError) in try trust.value() })
        case .refusal(let refusal): .refusal(refusal.value)
        case .renewalRefused(let refused): .renewalRefused(refused.value)
        case .accepted(let accepted): .accepted(accepted.protocol)
        case nil: .unknown
        }
    }

    private static func paths(_ table: WirePathTable) throws(WireError) -> OrchestratorInbound {
        let generation = try WireError.at("set_paths") { () throws(WireError) in
            try WireCheck.generation(table.generation)
        }
        do {
            return .message(.setPaths(try table.value()))
        } catch {
            return .message(.pathsInvalid(generation, why: "the path table says something impossible: \(error)"))
        }
    }

    private static func table(_ table: WireDeviceTable) throws(WireError) -> OrchestratorInbound {
        let generation = try WireError.at("set") { () throws(WireError) in try WireCheck.generation(table.generation) }
        do {
            return .message(.set(try table.value()))
        } catch {
            return .tableInvalid(generation, why: "the table says something impossible: \(error)")
        }
    }
}

extension WireArtifactChunk {
    func value() throws(WireError) -> OrchestratorMessage {
        let reference = try artifact.value()
        let offset = try WireCheck.count(offset, "offset", in: 0...Int64(reference.bytes))
        guard content.count <= reference.bytes - offset else {
            throw WireError("content", "\(content.count) bytes at \(offset) reach past the file's \(reference.bytes)")
        }
        return .artifactChunk(reference, offset: offset, bytes: ByteBuffer(bytes: content))
    }
}

import CL45Core
import L45Model

/// A dialect made ready for the engine: what both ends of a flow run.
///
/// Unchecked: nothing of it changes between `init` and `deinit`, and the pointer is freed with it.
final class ProofCodec: @unchecked Sendable {
    let pointer: UnsafePointer<l45_codec>
    private let storage: UnsafeMutablePointer<l45_codec>

    /// nil when a field is out of the engine's bounds, or for a monitor, which has no codec.
    init?(_ dialect: Dialect, epoch: Epoch, secret: Secret) {
        storage = .allocate(capacity: 1)
        storage.initialize(to: l45_codec())
        pointer = UnsafePointer(storage)
        // A class cleans up after a failed init by itself: deinit runs, since everything is set.
        guard var declared = l45_dialect(dialect, epoch: epoch, secret: secret),
            l45_codec_prepare(storage, &declared) == 0
        else { return nil }
    }

    deinit { storage.deallocate() }

    /// What tells its messages from others', by direction: enum l45_direction.
    func identification(_ direction: l45_direction) -> UInt32 {
        let ident = pointer.pointee.ident
        return Self.word(direction == L45_REQUEST ? ident.0 : ident.1)
    }

    /// What a stream says when it leaves the dialect.
    func leaveIdentification(_ direction: l45_direction) -> UInt32 {
        let ident = pointer.pointee.leave_ident
        return Self.word(direction == L45_REQUEST ? ident.0 : ident.1)
    }

    private static func word(_ bytes: (UInt8, UInt8, UInt8, UInt8)) -> UInt32 {
        UInt32(bytes.0) | UInt32(bytes.1) << 8 | UInt32(bytes.2) << 16 | UInt32(bytes.3) << 24
    }
}

extension l45_dialect {
    /// nil: a field does not fit its C type, or there is nothing to encode.
    init?(_ dialect: Dialect, epoch: Epoch, secret: Secret) {
        self.init()
        self.epoch = epoch.rawValue
        guard secret.bytes.count == Int(L45_SECRET_BYTES) else { return nil }
        withUnsafeMutableBytes(of: &self.secret) { $0.copyBytes(from: secret.bytes) }
        let text: String
        switch dialect {
        case .monitor: return nil
        case .datagram(let tag):
            kind = UInt8(L45_DATAGRAM.rawValue)
            guard let bytes = UInt8(exactly: tag.tagBytes) else { return nil }
            tag_bytes = bytes
            text = tag.label
            switch tag.coding {
            case .asItIs: coding = UInt8(L45_AS_IT_IS.rawValue)
            case .masked: coding = UInt8(L45_MASKED.rawValue)
            case .shortDNS: coding = UInt8(L45_SHORT_DNS.rawValue)
            }
            switch tag.place {
            case .front: place = UInt8(L45_AT_FRONT.rawValue)
            case .end: place = UInt8(L45_AT_END.rawValue)
            case .offset(let count):
                place = UInt8(L45_AT_OFFSET.rawValue)
                guard let count = UInt16(exactly: count) else { return nil }
                offset = count
            }
        case .stream(let tag):
            kind = UInt8(L45_STREAM.rawValue)
            guard let bytes = UInt8(exactly: tag.tagBytes), let frame = UInt32(exactly: tag.frameBytes) else {
                return nil
            }
            tag_bytes = bytes
            frame_bytes = frame
            switch tag.start {
            case .firstByte: start = UInt8(L45_FROM_FIRST_BYTE.rawValue)
            case .afterTLSHandshake: start = UInt8(L45_AFTER_TLS_HANDSHAKE.rawValue)
            }
            text = tag.label
        }
        guard text.utf8.count <= Int(L45_LABEL_BYTES_MAX) else { return nil }
        label_bytes = UInt8(text.utf8.count)
        withUnsafeMutableBytes(of: &label) { $0.copyBytes(from: text.utf8) }
    }
}

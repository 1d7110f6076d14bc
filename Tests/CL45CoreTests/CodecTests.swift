import CL45Core
import L45Model
import Testing

@Suite("Preparing a dialect")
struct CodecTests {
    @Test("The model's bounds are the engine's")
    func bounds() {
        #expect(DialectBounds.tagBytesMin == Int(L45_TAG_BYTES_MIN))
        #expect(DialectBounds.tagBytesMax == Int(L45_TAG_BYTES_MAX))
        #expect(DialectBounds.labelBytesMax == Int(L45_LABEL_BYTES_MAX))
        #expect(DialectBounds.offsetMax == Int(L45_OFFSET_MAX))
        #expect(DialectBounds.frameBytesMin == Int(L45_FRAME_BYTES_MIN))
        #expect(DialectBounds.frameBytesMax == Int(L45_FRAME_BYTES_MAX))
    }

    @Test("A dialect stands in shared memory and messages in 100 bytes, without holes")
    func layout() {
        #expect(MemoryLayout<l45_dialect>.size == 100)
        #expect(MemoryLayout<l45_dialect>.offset(of: \.label) == 16)
        #expect(MemoryLayout<l45_dialect>.offset(of: \.secret) == 68)
    }

    @Test("The edge of each bound is taken, the next value is refused and leaves the codec as it was")
    func edges() {
        typealias Edit = (inout l45_dialect) -> Void
        let taken: [(l45_dialect, Edit)] = [
            (.datagram(label: ""), { $0.tag_bytes = 12 }), (.datagram(), { $0.tag_bytes = 64 }),
            (.datagram(tagBytes: 64), { $0.label_bytes = 52 }), (.datagram(.offset), { $0.offset = 1400 }),
            (.datagram(), { $0.offset = 1401 }), (.datagram(), { $0.frame_bytes = 1 }),
            (.stream(), { $0.frame_bytes = 16 }), (.stream(), { $0.frame_bytes = 1 << 20 }),
            (.stream(), { $0.place = 9 }), (.stream(), { $0.coding = 9 }), (.datagram(), { $0.start = 9 }),
            (.stream(), { $0.epoch = .max }),
            (l45_dialect(), { $0.kind = UInt8(L45_MONITOR.rawValue) }),
        ]
        for (index, (dialect, edit)) in taken.enumerated() {
            #expect(prepare(dialect, edit) == 0, "taken, case \(index)")
        }
        let refused: [(l45_dialect, Edit)] = [
            (.datagram(label: ""), { $0.tag_bytes = 11 }), (.datagram(), { $0.tag_bytes = 65 }),
            (.datagram(tagBytes: 64), { $0.label_bytes = 53 }), (.datagram(tagBytes: 20), { $0.label_bytes = 9 }),
            (.datagram(.offset), { $0.offset = 1401 }), (.datagram(), { $0.place = 3 }),
            (.stream(), { $0.frame_bytes = 15 }), (.stream(), { $0.frame_bytes = 1 << 20 + 1 }),
            (.stream(), { $0.start = 2 }), (.datagram(), { $0.coding = 3 }),
            (.datagram(), { $0.kind = 3 }),
        ]
        for (index, (dialect, edit)) in refused.enumerated() {
            #expect(prepare(dialect, edit) == -EINVAL, "refused, case \(index)")
        }
    }

    @Test("What stands behind the label in the declaration does not reach the wire")
    func labelPadding() throws {
        var dialect = l45_dialect.datagram(tagBytes: 20, label: "dns")
        let clean = try Codec(dialect)
        dialect.label.7 = 0x55
        let dirty = try Codec(dialect)
        #expect(tag(clean, of: [1]) == tag(dirty, of: [1]))
        #expect(tag(clean, of: [1]).suffix(8) == Array("dns".utf8) + [0, 0, 0, 0, 0])
    }

    @Test("Epoch, secret, direction, kind and leaving each give identifications and keys of their own")
    func separation() throws {
        let codecs = [
            try Codec(.datagram()), try Codec(.datagram(epoch: 2)), try Codec(.datagram(secret: 1)),
            try Codec(.stream()), try Codec(.stream(epoch: 2)),
        ]
        var idents: Set<[UInt8]> = []
        var keys: Set<[UInt8]> = []
        for codec in codecs.map(\.pointer.pointee) {
            idents.formUnion([bytes(codec.ident.0), bytes(codec.ident.1)])
            keys.formUnion([bytes(codec.key.0), bytes(codec.key.1)])
            guard codec.dialect.kind == UInt8(L45_STREAM.rawValue) else { continue }
            idents.formUnion([bytes(codec.leave_ident.0), bytes(codec.leave_ident.1)])
            keys.formUnion([bytes(codec.leave_key.0), bytes(codec.leave_key.1)])
        }
        #expect(idents.count == 14)
        #expect(keys.count == 14)
    }

    private func prepare(_ dialect: l45_dialect, _ edit: (inout l45_dialect) -> Void) -> Int32 {
        var dialect = dialect
        edit(&dialect)
        var codec = l45_codec()
        codec.dialect.epoch = 0xdead
        let result = l45_codec_prepare(&codec, &dialect)
        if result != 0 { #expect(codec.dialect.epoch == 0xdead) }
        return result
    }

    private func tag(_ codec: Codec, of message: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: codec.tagBytes)
        l45_datagram_tag(codec.pointer, L45_REQUEST, message, message.count, &out)
        return out
    }

    private func bytes<Value>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }
}

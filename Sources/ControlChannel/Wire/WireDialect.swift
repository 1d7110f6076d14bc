import L45Model

extension WireDialect {
    init(_ dialect: Dialect) {
        switch dialect {
        case .monitor: monitor = WireMonitor()
        case .datagram(let tag): datagram = WireDatagramTag(tag)
        case .stream(let tag): stream = WireStreamTag(tag)
        }
    }

    func value() throws(WireError) -> Dialect {
        switch kind {
        case .monitor: .monitor
        case .datagram(let tag): .datagram(try tag.value())
        case .stream(let tag): .stream(try tag.value())
        case nil: throw WireError("kind", "it is missing or not known here; update this end")
        }
    }

    static func tagBytes(_ bytes: Int64) throws(WireError) -> Int {
        try WireCheck.count(
            bytes, "tag_bytes", in: Int64(DialectBounds.tagBytesMin)...Int64(DialectBounds.tagBytesMax))
    }
}

extension WireDatagramTag {
    /// A label is cut to the tag's room when used; this only bounds the message.
    static let labelBytesMax = 255

    init(_ tag: DatagramTag) {
        switch tag.place {
        case .front: place = .front
        case .offset(let bytes):
            place = .offset
            offset = Int64(bytes)
        case .end: place = .end
        }
        tagBytes = Int64(tag.tagBytes)
        label = tag.label
        switch tag.coding {
        case .asItIs: coding = .asItIs
        case .masked: coding = .masked
        case .shortDNS: coding = .shortDns
        }
    }

    func value() throws(WireError) -> DatagramTag {
        let way: DatagramTag.Coding
        switch coding {
        case .asItIs: way = .asItIs
        case .masked: way = .masked
        case .shortDns: way = .shortDNS
        case .UNRECOGNIZED: throw WireCheck.unknown("coding", coding.rawValue)
        }
        let spot: DatagramTag.Place
        switch place {
        case .front: spot = .front
        case .offset:
            spot = .offset(try WireCheck.count(offset, "offset", in: 0...Int64(DialectBounds.offsetMax)))
        case .end: spot = .end
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown("place", place.rawValue)
        }
        return DatagramTag(
            place: spot, tagBytes: try WireDialect.tagBytes(tagBytes),
            label: try WireCheck.text(label, "label", max: Self.labelBytesMax), coding: way)
    }
}

extension WireStreamTag {
    init(_ tag: StreamTag) {
        frameBytes = Int64(tag.frameBytes)
        tagBytes = Int64(tag.tagBytes)
        label = tag.label
        switch tag.start {
        case .firstByte: start = .firstByte
        case .afterTLSHandshake: start = .afterTlsHandshake
        }
    }

    func value() throws(WireError) -> StreamTag {
        let place: StreamTag.Start
        switch start {
        case .firstByte: place = .firstByte
        case .afterTlsHandshake: place = .afterTLSHandshake
        case .UNRECOGNIZED: throw WireCheck.unknown("start", start.rawValue)
        }
        let frames = Int64(DialectBounds.frameBytesMin)...Int64(DialectBounds.frameBytesMax)
        return StreamTag(
            frameBytes: try WireCheck.count(frameBytes, "frame_bytes", in: frames),
            tagBytes: try WireDialect.tagBytes(tagBytes),
            label: try WireCheck.text(label, "label", max: WireDatagramTag.labelBytesMax), start: place)
    }
}

extension WireArtifactReference {
    /// 1 GiB.
    static let bytesMax: Int64 = 1 << 30

    init(_ reference: ArtifactReference) {
        digest = reference.digest.hex
        bytes = Int64(reference.bytes)
    }

    func value() throws(WireError) -> ArtifactReference {
        ArtifactReference(
            digest: try WireCheck.digest(digest, "digest"),
            bytes: try WireCheck.count(bytes, "bytes", in: 0...Self.bytesMax))
    }
}

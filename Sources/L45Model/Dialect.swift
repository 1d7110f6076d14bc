/// A dialect is data: what is done to each message so that both ends, and nobody else, know it for theirs.
///
/// Carried out by CL45Core (`l45_core.h`), which has the bounds; the compiler proves before anything ships that
/// decoding undoes encoding.
package enum Dialect: Hashable, Codable, Sendable {
    /// Counts messages, changes nothing (monitoring module, seed 2.2.2).
    case monitor
    /// A tag put into each datagram.
    case datagram(DatagramTag)
    /// A tag before each frame of a byte stream.
    case stream(StreamTag)

    /// Bytes added to each message (datagram) or frame (stream).
    package var tagBytes: Int {
        switch self {
        case .monitor: 0
        case .datagram(let tag): tag.tagBytes
        case .stream(let tag): tag.tagBytes
        }
    }
}

extension Dialect {
    /// Why the kernel's tap cannot carry it out; nil: it can.
    package var beyondKernelTap: String? {
        switch self {
        case .stream(let tag) where tag.start == .afterTLSHandshake: "begin after a handshake"
        case .datagram(let tag) where tag.coding == .masked: "mask messages"
        case .datagram(let tag) where tag.coding == .shortDNS: "compress messages"
        default: nil
        }
    }
}

/// Bounds that the engine enforces (`l45_core.h`): the two must agree, and a test holds them together.
package enum DialectBounds {
    /// identification (4) + authenticator (8).
    package static let tagBytesMin = 12
    package static let tagBytesMax = 64
    /// What is left of the longest tag after identification and authenticator.
    package static let labelBytesMax = 52
    package static let offsetMax = 1400
    package static let frameBytesMin = 16
    package static let frameBytesMax = 1 << 20
}

/// A tag in each datagram: `[identification 4][authenticator 8][label, zero-padded]`, `tagBytes` in all.
package struct DatagramTag: Hashable, Codable, Sendable {
    package enum Place: Hashable, Codable, Sendable {
        case front
        /// After this many bytes of the message, or at its end when it is shorter.
        case offset(Int)
        case end
    }
    package var place: Place
    /// 12 to 64. The seed's experiments use 32 (3.2.2).
    package var tagBytes: Int
    /// Application label, in the clear, cut to what the tag has room for.
    package var label: String
    package var coding: Coding

    /// What is done to the message beside the tag.
    package enum Coding: String, Hashable, Codable, Sendable {
        case asItIs
        /// Unreadable on the way, under a key of each message. Not encryption as TLS would do it: see `L45_MASKED` in `l45_core.h`.
        case masked
        /// A DNS query as its id and name, the rest in a byte (seed 5.3.5); other messages get a byte more.
        case shortDNS
    }

    package init(place: Place, tagBytes: Int = 32, label: String = "", coding: Coding = .asItIs) {
        self.place = place
        self.tagBytes = tagBytes
        self.label = label
        self.coding = coding
    }

    private enum CodingKeys: String, CodingKey { case place, tagBytes, label, coding }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        place = try container.decode(Place.self, forKey: .place)
        tagBytes = try container.decode(Int.self, forKey: .tagBytes)
        label = try container.decode(String.self, forKey: .label)
        coding = try container.decodeIfPresent(Coding.self, forKey: .coding) ?? .asItIs
    }

    /// What was not there at first is written only where it says something: digests of older plans stay as they are.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(place, forKey: .place)
        try container.encode(tagBytes, forKey: .tagBytes)
        try container.encode(label, forKey: .label)
        if coding != .asItIs { try container.encode(coding, forKey: .coding) }
    }

    /// The most bytes by which a message grows.
    package var growthBytes: Int { tagBytes + (coding == .shortDNS ? 1 : 0) }
}

/// A tag before each `frameBytes` bytes of a stream (seed 3.2.2: 32 bytes before every 1000).
package struct StreamTag: Hashable, Codable, Sendable {
    /// Plain bytes from one tag to the next, 16 to 1 MiB.
    package var frameBytes: Int
    package var tagBytes: Int
    package var label: String
    package var start: Start

    /// Where in the stream the first tag stands.
    package enum Start: String, Hashable, Codable, Sendable {
        case firstByte
        /// Before the first TLS record of application data in either direction (seed 6.2.8). In TLS 1.3 all that is encrypted is sent as such.
        case afterTLSHandshake
    }

    package init(frameBytes: Int, tagBytes: Int = 32, label: String = "", start: Start = .firstByte) {
        self.frameBytes = frameBytes
        self.tagBytes = tagBytes
        self.label = label
        self.start = start
    }

    private enum CodingKeys: String, CodingKey { case frameBytes, tagBytes, label, start }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        frameBytes = try container.decode(Int.self, forKey: .frameBytes)
        tagBytes = try container.decode(Int.self, forKey: .tagBytes)
        label = try container.decode(String.self, forKey: .label)
        start = try container.decodeIfPresent(Start.self, forKey: .start) ?? .firstByte
    }

    /// What was not there at first is written only where it says something: digests of older plans stay as they are.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(frameBytes, forKey: .frameBytes)
        try container.encode(tagBytes, forKey: .tagBytes)
        try container.encode(label, forKey: .label)
        if start != .firstByte { try container.encode(start, forKey: .start) }
    }
}

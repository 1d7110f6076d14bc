import L45Model

/// A protocol that phrases know by name.
struct WireProtocol {
    /// As phrases write it; compared without regard to letter case.
    let name: String
    let transport: Transport
    /// nil: the phrase must say `on port N`.
    let port: UInt16?
    /// The most bytes that one message usually has (datagrams only): a tag is not put behind that.
    let messageBytesMax: Int?

    /// `DNS over TCP` is found by its whole name before `DNS`. A DNS message over UDP has at most 1232 bytes (the EDNS
    /// buffer size of the DNS flag day 2020), an NTP packet 48 and its extensions (RFC 5905).
    static let all: [WireProtocol] = [
        WireProtocol(name: "DNS over TCP", transport: .tcp, port: 53, messageBytesMax: nil),
        WireProtocol(name: "DNS over TLS", transport: .tcp, port: 853, messageBytesMax: nil),
        WireProtocol(name: "DNS over UDP", transport: .udp, port: 53, messageBytesMax: 1232),
        WireProtocol(name: "DNS", transport: .udp, port: 53, messageBytesMax: 1232),
        WireProtocol(name: "HTTP", transport: .tcp, port: 80, messageBytesMax: nil),
        WireProtocol(name: "HTTPS", transport: .tcp, port: 443, messageBytesMax: nil),
        WireProtocol(name: "TLS", transport: .tcp, port: 443, messageBytesMax: nil),
        WireProtocol(name: "NTP", transport: .udp, port: 123, messageBytesMax: 48),
        WireProtocol(name: "UDP", transport: .udp, port: nil, messageBytesMax: nil),
        WireProtocol(name: "TCP", transport: .tcp, port: nil, messageBytesMax: nil),
    ]

    /// The first words, for suggestions.
    static let words = ["DNS", "HTTP", "HTTPS", "TLS", "NTP", "UDP", "TCP"]

    /// The protocol that usually runs there; nil when none is known.
    static func usual(_ transport: Transport, _ port: UInt16?) -> WireProtocol? {
        guard let port else { return nil }
        return all.first { $0.transport == transport && $0.port == port }
    }
}

internal import CPacketSocket
private import Glibc

/// An address of a host, of either family.
package enum HostAddress: Hashable, Sendable, CustomStringConvertible {
    /// As a number: 10.0.0.1 is 0x0a000001.
    case v4(UInt32)
    case v6(IPv6Header.Address)

    /// Reads a literal; names are for ``resolve(_:)``.
    package init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            self.init(bytes: bytes, isIPv6: false)
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            self.init(bytes: bytes, isIPv6: true)
        } else {
            return nil
        }
    }

    /// Asks the host's resolver; the first IPv4 address if there is one, as IPv4 has the wider use here.
    ///
    /// - Parameter prefersIPv6: the first IPv6 address, if there is one.
    /// - Throws: ``ProbeError/unresolvable(host:reason:)``.
    package static func resolve(_ host: String, prefersIPv6: Bool = false) throws(ProbeError) -> HostAddress {
        if let literal = HostAddress(host) { return literal }
        guard !host.contains("%") else {
            throw .unresolvable(host: host, reason: "link-local addresses with an interface are not probed")
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { throw .unresolvable(host: host, reason: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var found: HostAddress?
        var at = list
        while let entry = at {
            at = entry.pointee.ai_next
            guard let address = entry.pointee.ai_addr else { continue }
            let isIPv6 = entry.pointee.ai_family == AF_INET6
            let offset = isIPv6 ? 8 : 4
            let raw = UnsafeRawBufferPointer(start: address, count: Int(entry.pointee.ai_addrlen))
            guard raw.count >= offset + (isIPv6 ? 16 : 4) else { continue }
            let this = HostAddress(bytes: Array(raw[offset...]), isIPv6: isIPv6)
            if isIPv6 == prefersIPv6 { return this }
            if found == nil { found = this }
        }
        guard let found else { throw .unresolvable(host: host, reason: "it has no address") }
        return found
    }

    /// - Parameter bytes: in network order, 4 or 16 of them at least.
    init(bytes: [UInt8], isIPv6: Bool) {
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        self =
            isIPv6 ? .v6(.init(high: word(0..<8), low: word(8..<16))) : .v4(UInt32(truncatingIfNeeded: word(0..<4)))
    }

    /// In network order.
    package var bytes: [UInt8] {
        switch self {
        case .v4(let number): (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(24 - 8 * $0)) }
        case .v6(let address):
            (0..<8).map { UInt8(truncatingIfNeeded: address.high >> UInt64(56 - 8 * $0)) }
                + (0..<8).map { UInt8(truncatingIfNeeded: address.low >> UInt64(56 - 8 * $0)) }
        }
    }

    package var isIPv6: Bool { if case .v6 = self { true } else { false } }

    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    var family: Int32 { isIPv6 ? AF_INET6 : AF_INET }
    var ethertype: UInt16 { isIPv6 ? 0x86dd : 0x0800 }

    var raw: l45_address {
        var raw = l45_address()
        let bytes = bytes
        withUnsafeMutableBytes(of: &raw) { $0.copyBytes(from: bytes) }
        return raw
    }

    init(_ raw: l45_address, isIPv6: Bool) {
        self.init(bytes: withUnsafeBytes(of: raw) { Array($0) }, isIPv6: isIPv6)
    }
}

extension IPHeader {
    package var source: HostAddress {
        switch self {
        case .v4(let header): .v4(header.source)
        case .v6(let header): .v6(header.source)
        }
    }

    package var destination: HostAddress {
        switch self {
        case .v4(let header): .v4(header.destination)
        case .v6(let header): .v6(header.destination)
        }
    }

    /// - Returns: nil where the two are of different families.
    init?(from source: HostAddress, to destination: HostAddress) {
        switch (source, destination) {
        case (.v4(let source), .v4(let destination)): self = .v4(IPv4Header(source: source, destination: destination))
        case (.v6(let source), .v6(let destination)): self = .v6(IPv6Header(source: source, destination: destination))
        default: return nil
        }
    }
}

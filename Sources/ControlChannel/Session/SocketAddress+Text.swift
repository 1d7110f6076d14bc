import NIOCore

extension SocketAddress {
    /// Who it is, for counting: the address without its port, and of IPv6 the 64 bits that one subscriber has.
    var place: String {
        guard let text = ipAddress else { return description }
        guard case .v6 = self else { return text }
        // Of a sockaddr_in6 (RFC 3493, 3.3): family, port and flow take 8 bytes, then the address.
        let bytes = withSockAddr { address, size in
            Array(UnsafeRawBufferPointer(start: address, count: size).dropFirst(8).prefix(16))
        }
        guard bytes.count == 16 else { return text }
        let mapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        if mapped { return bytes.suffix(4).map(String.init).joined(separator: ".") }
        let groups = stride(from: 0, to: 8, by: 2).map {
            String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
        }
        return groups.joined(separator: ":") + "::/64"
    }

    /// For people: address and port.
    var hostAndPort: String {
        guard let ip = ipAddress, let port else { return description }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }
}

import Foundation
import KernelTap
package import L45Model

/// What the host says of itself.
package enum HostFacts {
    /// What the agent tells at check-in; what the configuration gives wins.
    package static func gather(_ configuration: AgentConfiguration, tap: TapKind) -> DeviceFacts {
        DeviceFacts(
            name: configuration.name ?? hostName(), labels: configuration.labels,
            addresses: configuration.addresses.isEmpty ? interfaceAddresses() : configuration.addresses, taps: [tap],
            kernelRelease: kernelRelease(), agentVersion: configuration.version,
            responds: configuration.respond.isEmpty ? nil : configuration.respond)
    }

    /// Another one at each boot; empty where the kernel does not say.
    package static func bootID() -> String {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
    }

    package static func hostName() -> String {
        // POSIX: at most 255 bytes, perhaps without the 0 at the end.
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return text(buffer)
    }

    package static func kernelRelease() -> String {
        var names = utsname()
        guard uname(&names) == 0 else { return "" }
        return withUnsafeBytes(of: names.release) { text($0.map { CChar(bitPattern: $0) }) }
    }

    /// Of interfaces that are up, sorted; neither loopback nor link-local ones: no peer could name the device by those.
    package static func interfaceAddresses() -> [AddressBlock] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var found: Set<AddressBlock> = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard entry.ifa_flags & UInt32(IFF_UP) != 0, entry.ifa_flags & UInt32(IFF_LOOPBACK) == 0,
                let address = entry.ifa_addr, let block = block(of: address), !isLinkLocal(block)
            else { continue }
            found.insert(block)
        }
        return found.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    private static func block(of address: UnsafePointer<sockaddr>) -> AddressBlock? {
        let family = Int32(address.pointee.sa_family)
        let bytes: Int
        switch family {
        case AF_INET: bytes = MemoryLayout<sockaddr_in>.size
        case AF_INET6: bytes = MemoryLayout<sockaddr_in6>.size
        default: return nil
        }
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(address, socklen_t(bytes), &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST) == 0
        else { return nil }
        // A scoped address names its interface behind a %.
        return AddressBlock(text(buffer).prefix { $0 != "%" })
    }

    private static func isLinkLocal(_ block: AddressBlock) -> Bool {
        ["169.254.0.0/16", "fe80::/10"].compactMap { AddressBlock($0) }.contains { $0.contains(block) }
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

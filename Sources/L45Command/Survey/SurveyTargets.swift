import Foundation
import HiccupsGuard

/// Whom `l45 survey` asks, read from arguments and files: HOST, HOST:PORT, ADDRESS/PREFIX, [ADDRESS/PREFIX]:PORTS.
struct SurveyTargets {
    private(set) var list = TargetList()
    /// Names that nobody could resolve, each with the reason; the others are surveyed all the same.
    private(set) var unresolvable: [String] = []
    private let ports: [UInt16]
    private let prefersIPv6: Bool

    /// - Parameter ports: of what names none.
    init(ports: [UInt16], prefersIPv6: Bool = false) {
        self.ports = ports
        self.prefersIPv6 = prefersIPv6
    }

    /// Bytes a file of targets may have.
    static let fileBytesMax = 256 << 20

    /// One target a line; `#` begins a comment.
    /// - Throws: `CommandEnd`, naming file and line.
    mutating func add(file path: String) throws {
        let data: Data
        do {
            data =
                path == "-"
                ? try FileHandle.standardInput.readToEnd() ?? Data()
                : try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw CommandEnd.badInput("cannot read the targets in '\(path)': \(error.localizedDescription)")
        }
        guard data.count <= Self.fileBytesMax else {
            throw CommandEnd.badInput(
                "'\(path)' has \(data.count) bytes, a file of targets at most \(Self.fileBytesMax)")
        }
        for (number, line) in data.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            let text = String(decoding: line.prefix { $0 != 0x23 }, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            guard !text.isEmpty else { continue }
            do {
                try add(text)
            } catch CommandEnd.failed(var failure) {
                failure.message = "\(path):\(number + 1): \(failure.message)"
                throw CommandEnd.failed(failure)
            }
        }
    }

    mutating func add(_ text: String) throws {
        do throws(ProbeError) {
            let (host, ports) = try split(text)
            if host.contains("/") { return try list.add(block: host, ports: ports) }
            let address: HostAddress
            do throws(ProbeError) {
                address = try HostAddress.resolve(host, prefersIPv6: prefersIPv6)
            } catch {
                unresolvable.append("\(error)")
                return
            }
            try list.add(address, ports: ports)
        } catch {
            throw CommandEnd.badInput("\(error)")
        }
    }

    private func split(_ text: String) throws(ProbeError) -> (host: String, ports: [UInt16]) {
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw .badOption("'\(text)': a bracket is not closed") }
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard !rest.isEmpty else { return (host, ports) }
            guard rest.hasPrefix(":") else { throw .badOption("'\(text)': behind the bracket comes :PORT or nothing") }
            return (host, try PortList.parse(String(rest.dropFirst())))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        // More than one colon: an IPv6 address without a port.
        guard parts.count == 2 else { return (text, ports) }
        guard !parts[0].isEmpty else { throw .badOption("'\(text)' names no host") }
        return (String(parts[0]), try PortList.parse(String(parts[1])))
    }
}
